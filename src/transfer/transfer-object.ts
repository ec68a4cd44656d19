import { createHash } from 'node:crypto';
import type { Bucket, StoredObject, Upload, WriteOptions } from '../model/bucket.ts';
import type { KeyEntry } from '../model/entry.ts';
import {
  type Origin,
  type OriginAnswer,
  type OriginHead,
  type OriginRequest,
  ReadAgain,
} from '../model/origin.ts';
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
  /** Nobody asked the bucket for the key yet: before a body that is not small, it is asked. */
  readonly askBeforeLarge?: boolean;
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

/** What one transfer has staged and not yet committed or aborted. */
interface Staging {
  upload: Upload | undefined;
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
  const staging: Staging = { upload: undefined };
  try {
    return await transfer.source.read(
      transfer.request,
      (answer) => receive(transfer, answer, staging, signal),
      signal,
    );
  } finally {
    await discard(staging);
  }
}

/** Aborts what is still staged: an attempt that failed, or the one before this. */
async function discard(staging: Staging): Promise<void> {
  const { upload } = staging;
  staging.upload = undefined;
  await upload?.abort();
}

async function receive(
  transfer: Transfer,
  answer: OriginAnswer,
  staging: Staging,
  signal: AbortSignal,
): Promise<TransferOutcome | ReadAgain<TransferOutcome>> {
  await discard(staging);
  const { entry, stored, store } = transfer;
  const { head } = answer;
  if (stored !== undefined && isUnchanged(stored, head)) {
    return { outcome: 'skipped', reason: 'unchanged' };
  }
  if (head.status === 304) {
    const why = 'a 304 for another version than the one that was asked about';
    throw refusal('ORIGIN_CHANGED', entry.key, head, why);
  }
  const gate = new CommitGate(entry, head, store);
  if (head.length !== undefined && head.length <= ONE_BUFFER_BYTES) {
    return storeWhole(transfer, answer, gate, signal);
  }
  return storeStreamed(transfer, answer, gate, staging, signal);
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
  const result = await bucket.putBytes(
    entry.key,
    bytes,
    metadata,
    options(transfer, bytes.length),
    signal,
  );
  return outcomeOf(result, passed, answer.head, gate.lengthVerified);
}

async function storeStreamed(
  transfer: Transfer,
  answer: OriginAnswer,
  gate: CommitGate,
  staging: Staging,
  signal: AbortSignal,
): Promise<TransferOutcome | ReadAgain<TransferOutcome>> {
  const { entry, bucket, store } = transfer;
  const { head } = answer;
  const metadata = storedMetadata(entry.key, head, store);
  if (transfer.askBeforeLarge === true && (await bucket.head(entry.key, signal)) !== undefined) {
    return { outcome: 'skipped', reason: 'exists' };
  }
  const upload = await bucket.openUpload(
    entry.key,
    metadata,
    options(transfer, head.length),
    signal,
  );
  staging.upload = upload;
  await answer.pipeTo((chunk) => {
    gate.update(chunk);
    return upload.write(chunk);
  });
  const passed = gate.pass();
  if (!gate.mustConfirm) return commit(staging, upload, passed, head, gate.lengthVerified);
  return new ReadAgain(async (second) => {
    await confirm(transfer, passed, head, second);
    return commit(staging, upload, passed, head, true);
  });
}

async function commit(
  staging: Staging,
  upload: Upload,
  passed: Passed,
  head: OriginHead,
  lengthVerified: boolean,
): Promise<TransferOutcome> {
  const result = await upload.commit();
  staging.upload = undefined;
  return outcomeOf(result, passed, head, lengthVerified);
}

/**
 * A body whose end only a closed connection marks looks the same cut or whole. The same address is
 * read a second time, and the body committed only if both reads agree to the byte.
 * @throws Failure where they don't, so that the object is asked for again, or elsewhere.
 */
async function confirm(
  transfer: Transfer,
  passed: Passed,
  head: OriginHead,
  again: OriginAnswer,
): Promise<void> {
  const second = await digest(transfer, again);
  if (second.bytes === passed.bytes && second.sha256 === passed.sha256) return;
  const why =
    `nothing declares the length, and two reads differ (${passed.bytes} and ${second.bytes} ` +
    'bytes): the body was cut, or the object changed meanwhile';
  const code = second.bytes === passed.bytes ? 'ORIGIN_CHANGED' : 'LENGTH_MISMATCH';
  throw refusal(code, transfer.entry.key, head, why);
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
  return { bytes, sha256: sha256.digest('base64') };
}

function options({ ifAbsent, store }: Transfer, length: number | undefined): WriteOptions {
  const { storageClass, multipart } = store;
  const tags = Object.fromEntries(store.tags.map(({ name, value }) => [name, value]));
  return { ifAbsent, length, storageClass, tags, multipart };
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
