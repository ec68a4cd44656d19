import type { Bucket, StoredObject, WriteOptions, WriteResult } from '../model/bucket.ts';
import type { KeyEntry } from '../model/entry.ts';
import type { DifferingOrigin } from '../model/event.ts';
import {
  type Origin,
  type OriginAnswer,
  type OriginHead,
  type OriginRequest,
  ReadAgain,
} from '../model/origin.ts';
import type { StoreSettings } from '../model/rule.ts';
import { differingOrigins, lengthSaidBefore } from '../plan/compare-answers.ts';
import { isUnchanged } from '../plan/decide-copy.ts';
import { isTheRest } from '../plan/read-on.ts';
import { refusal } from '../plan/refusal.ts';
import { storedMetadata } from '../plan/stored-metadata.ts';
import { CommitGate, type Passed } from './commit-gate.ts';
import { confirmBody } from './confirm-body.ts';
import { StagedObject } from './staged-object.ts';

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
      readonly differs?: readonly DifferingOrigin[];
    }
  | { readonly outcome: 'skipped'; readonly reason: 'exists' | 'unchanged' };

/** What the tries at one object so far came to. */
interface Tries {
  /** The head of every answer whose body was wanted. */
  readonly heads: OriginHead[];
  staged: StagedObject | undefined;
}

/**
 * Moves one object from its origin into the bucket: fetch, verify, store. Either the whole object
 * passed the commit gate and is stored, or the bucket is as it was. A further try at the same
 * address goes on where the body broke off, if both sides can be held to the same version; else it
 * starts a new object from byte 0.
 * @throws Failure with the code that says why; FatalError and aborts come through.
 */
export async function transferObject(
  transfer: Transfer,
  signal: AbortSignal,
): Promise<TransferOutcome> {
  const tries: Tries = { heads: [], staged: undefined };
  const request = {
    ...transfer.request,
    readOn: (origin: string) => tries.staged?.readOn(origin),
  };
  try {
    return await transfer.source.read(
      request,
      (answer) => receive(transfer, answer, tries, signal),
      signal,
    );
  } finally {
    await discard(tries);
  }
}

/** Aborts what is still staged: a try that failed, or the one before this. */
async function discard(tries: Tries): Promise<void> {
  const { staged } = tries;
  tries.staged = undefined;
  await staged?.abort();
}

async function receive(
  transfer: Transfer,
  answer: OriginAnswer,
  tries: Tries,
  signal: AbortSignal,
): Promise<TransferOutcome | ReadAgain<TransferOutcome>> {
  const { entry, stored, store } = transfer;
  const { head } = answer;
  const rest = tries.staged?.readOn(head.origin);
  if (tries.staged !== undefined && rest !== undefined && head.status !== 200) {
    if (isTheRest(rest, tries.staged.head, head))
      return finish(transfer, answer, tries.staged, tries);
    // Nothing is there any more to go on from, so the next answer is to the whole object.
    await discard(tries);
    return new ReadAgain((again) => receive(transfer, again, tries, signal));
  }
  await discard(tries);
  if (stored !== undefined && isUnchanged(stored, head)) {
    return { outcome: 'skipped', reason: 'unchanged' };
  }
  if (head.status === 304) {
    const why = 'a 304 for another version than the one that was asked about';
    throw refusal('ORIGIN_CHANGED', entry.key, head, why);
  }
  const saidBefore = lengthSaidBefore(tries.heads, head);
  tries.heads.push(head);
  const gate = new CommitGate(entry, head, store, saidBefore);
  if (head.length !== undefined && head.length <= ONE_BUFFER_BYTES) {
    return storeWhole(transfer, answer, gate, tries, signal);
  }
  return storeStreamed(transfer, answer, gate, tries, signal);
}

async function storeWhole(
  transfer: Transfer,
  answer: OriginAnswer,
  gate: CommitGate,
  tries: Tries,
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
  return outcomeOf(result, passed, answer.head, gate.lengthVerified, tries);
}

async function storeStreamed(
  transfer: Transfer,
  answer: OriginAnswer,
  gate: CommitGate,
  tries: Tries,
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
  const staged = new StagedObject(head, gate, upload);
  tries.staged = staged;
  return finish(transfer, answer, staged, tries);
}

/** Takes the body, or the rest of it, into what is staged, and commits it once it passed. */
async function finish(
  { entry, store }: Transfer,
  answer: OriginAnswer,
  staged: StagedObject,
  tries: Tries,
): Promise<TransferOutcome | ReadAgain<TransferOutcome>> {
  const { head, gate } = staged;
  await staged.take(answer);
  const passed = gate.pass();
  if (!gate.mustConfirm) return commit(staged, passed, gate.lengthVerified, tries);
  return new ReadAgain(async (second) => {
    await confirmBody(entry, store, passed, head, second);
    return commit(staged, passed, true, tries);
  });
}

async function commit(
  staged: StagedObject,
  passed: Passed,
  lengthVerified: boolean,
  tries: Tries,
): Promise<TransferOutcome> {
  const result = await staged.commit();
  tries.staged = undefined;
  return outcomeOf(result, passed, staged.head, lengthVerified, tries);
}

function options({ ifAbsent, store }: Transfer, length: number | undefined): WriteOptions {
  const { storageClass, multipart } = store;
  const tags = Object.fromEntries(store.tags.map(({ name, value }) => [name, value]));
  return { ifAbsent, length, storageClass, tags, multipart };
}

function outcomeOf(
  result: WriteResult,
  passed: Passed,
  head: OriginHead,
  lengthVerified: boolean,
  tries: Tries,
): TransferOutcome {
  if (result.outcome === 'exists') return { outcome: 'skipped', reason: 'exists' };
  const { bytes } = passed;
  const differs = differingOrigins(tries.heads, head, bytes);
  return {
    outcome: 'copied',
    bytes,
    etag: result.etag,
    origin: head.origin,
    lengthVerified,
    ...(differs.length === 0 ? {} : { differs }),
  };
}
