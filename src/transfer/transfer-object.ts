import { createHash } from 'node:crypto';
import type { Bucket, StoredObject, Upload, WriteOptions } from '../model/bucket.ts';
import type { KeyEntry } from '../model/entry.ts';
import type { Origin, OriginAnswer, OriginHead, OriginRequest } from '../model/origin.ts';
import type { StoreSettings } from '../model/rule.ts';
import { isUnchanged } from '../plan/decide-copy.ts';
import { refusal } from '../plan/refusal.ts';
import { storedMetadata } from '../plan/stored-metadata.ts';
import { CommitGate, type Passed } from './commit-gate.ts';

/** Bodies up to this many bytes, of declared length, are taken and stored as one buffer. */
const ONE_BUFFER_BYTES = 1024 * 1024;

/** One object's journey: from where, to where, and what must hold on the way. */
export interface Transfer {
  /** The key, with whatever a list declared of its object. */
  readonly entry: KeyEntry;
  readonly source: Origin;
  readonly request: OriginRequest;
  readonly bucket: Bucket;
  readonly store: StoreSettings;
  /** Lose to whoever stores the key first. */
  readonly ifAbsent: boolean;
  /** What the bucket holds, where an unchanged origin means that it stays. */
  readonly stored: StoredObject | undefined;
}

export type TransferOutcome =
  | {
      readonly outcome: 'copied';
      readonly bytes: number;
      readonly etag: string;
      readonly origin: string;
      readonly lengthVerified: boolean;
    }
  | { readonly outcome: 'skipped'; readonly reason: 'exists' | 'unchanged' };

/** A body that came whole as far as can be told, but is not committed before a second read. */
interface Staged {
  readonly outcome: 'staged';
  readonly upload: Upload;
  readonly passed: Passed;
  readonly head: OriginHead;
}

/**
 * Moves one object from its origin into the bucket: fetch, verify, store. Either the whole object
 * passed the commit gate and is stored, or the bucket is as it was.
 * @throws Failure with the code that says why; FatalError and aborts come through.
 */
export async function transferObject(
  transfer: Transfer,
  signal: AbortSignal,
): Promise<TransferOutcome> {
  const received = await transfer.source.read(
    transfer.request,
    (answer) => receive(transfer, answer, signal),
    signal,
  );
  return received.outcome === 'staged' ? confirm(transfer, received, signal) : received;
}

async function receive(
  transfer: Transfer,
  answer: OriginAnswer,
  signal: AbortSignal,
): Promise<TransferOutcome | Staged> {
  const { entry, stored, store } = transfer;
  const { head } = answer;
  if (head.status === 304 || (stored !== undefined && isUnchanged(stored, head))) {
    return { outcome: 'skipped', reason: 'unchanged' };
  }
  const gate = new CommitGate(entry, head, store);
  if (head.length !== undefined && head.length <= ONE_BUFFER_BYTES) {
    return storeWhole(transfer, answer, gate, signal);
  }
  return storeStreamed(transfer, answer, gate, signal);
}

async function storeWhole(
  transfer: Transfer,
  answer: OriginAnswer,
  gate: CommitGate,
  signal: AbortSignal,
): Promise<TransferOutcome> {
  const { entry, bucket, store } = transfer;
  const metadata = storedMetadata(entry.key, answer.head, store);
  const bytes = await answer.bytes(ONE_BUFFER_BYTES);
  gate.update(bytes);
  const passed = gate.pass();
  const result = await bucket.putBytes(entry.key, bytes, metadata, options(transfer), signal);
  return outcomeOf(result, passed, answer.head, gate.lengthVerified);
}

async function storeStreamed(
  transfer: Transfer,
  answer: OriginAnswer,
  gate: CommitGate,
  signal: AbortSignal,
): Promise<TransferOutcome | Staged> {
  const { entry, bucket, store } = transfer;
  const { head } = answer;
  const metadata = storedMetadata(entry.key, head, store);
  const upload = await bucket.openUpload(entry.key, metadata, options(transfer), signal);
  try {
    await answer.pipeTo((chunk) => {
      gate.update(chunk);
      return upload.write(chunk);
    });
    const passed = gate.pass();
    if (gate.mustConfirm) return { outcome: 'staged', upload, passed, head };
    return outcomeOf(await upload.commit(), passed, head, gate.lengthVerified);
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

/**
 * A body whose end only a closed connection marks looks the same cut or whole. It is read a second
 * time, and committed only if both reads agree to the byte.
 */
async function confirm(
  transfer: Transfer,
  staged: Staged,
  signal: AbortSignal,
): Promise<TransferOutcome> {
  const { upload, passed, head } = staged;
  try {
    const second = await transfer.source.read(
      { ...transfer.request, unless: undefined },
      (answer) => digest(transfer, answer),
      signal,
    );
    if (second.bytes !== passed.bytes || second.sha256 !== passed.sha256) {
      const why =
        `nothing declares the length, and two reads differ (${passed.bytes} and ${second.bytes} ` +
        'bytes): the body was cut, or the object changed meanwhile';
      const code = second.bytes === passed.bytes ? 'ORIGIN_CHANGED' : 'LENGTH_MISMATCH';
      throw refusal(code, transfer.entry.key, head, why);
    }
    return outcomeOf(await upload.commit(), passed, head, true);
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

/** Length and SHA-256 of a body that is not stored. */
async function digest(transfer: Transfer, answer: OriginAnswer): Promise<Passed> {
  const gate = new CommitGate(transfer.entry, answer.head, transfer.store);
  const sha256 = createHash('sha256');
  await answer.pipeTo((chunk) => {
    gate.update(chunk);
    sha256.update(chunk);
  });
  const { bytes } = gate.pass();
  return { bytes, sha256: sha256.digest('hex') };
}

function options({ ifAbsent }: Transfer): WriteOptions {
  return { ifAbsent };
}

function outcomeOf(
  result: Awaited<ReturnType<Upload['commit']>>,
  passed: Passed,
  head: OriginHead,
  lengthVerified: boolean,
): TransferOutcome {
  if (result.outcome === 'exists') return { outcome: 'skipped', reason: 'exists' };
  return {
    outcome: 'copied',
    bytes: passed.bytes,
    etag: result.etag,
    origin: head.origin,
    lengthVerified,
  };
}
