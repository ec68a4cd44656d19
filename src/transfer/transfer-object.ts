import type { WriteResult } from '../model/bucket.ts';
import type { DifferingOrigin } from '../model/event.ts';
import { Failure } from '../model/failure.ts';
import { type OriginAnswer, type OriginHead, ReadAgain } from '../model/origin.ts';
import { differingOrigins, lengthSaidBefore } from '../plan/compare-answers.ts';
import { isUnchanged } from '../plan/decide-copy.ts';
import { isTheRest } from '../plan/read-on.ts';
import { refusal } from '../plan/refusal.ts';
import { storedMetadata } from '../plan/stored-metadata.ts';
import { betweenTries } from './between-tries.ts';
import { CommitGate, type Passed } from './commit-gate.ts';
import { confirmBody } from './confirm-body.ts';
import { abandonObject, stageObject, takeUpObject, writeOptions } from './stage-object.ts';
import type { StagedObject } from './staged-object.ts';
import type { Transfer } from './transfer.ts';

/** Bodies up to this many bytes, of declared length, are taken and stored as one buffer. */
const ONE_BUFFER_BYTES = 1024 * 1024;

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
  /** Settles when what had to be given up is. */
  givenUp: Promise<void> | undefined;
  /** How far what was given up had come. */
  begun: StagedObject['begun'] | undefined;
  /** The rest was asked for anew because what was there was given up meanwhile. */
  askedAgain: boolean;
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
  const staged = await takeUpObject(transfer, signal);
  // What an earlier run was told of the same version must hold as well.
  const heads = staged === undefined ? [] : [staged.head];
  const tries: Tries = { heads, staged, givenUp: undefined, begun: undefined, askedAgain: false };
  const pause = betweenTries(transfer.memory, () => (tries.givenUp = suspend(tries)));
  const request = {
    ...transfer.request,
    begun: () => tries.staged?.begun ?? tries.begun,
    readOn: async (origin: string) => (await whatIsThere(transfer, tries, signal))?.readOn(origin),
  };
  try {
    return await transfer.source.read(
      request,
      pause.around((answer) => receive(transfer, answer, tries, signal)),
      signal,
    );
  } catch (error) {
    // What is wrong with the object, or with the bytes, is no reason to keep them.
    if (!(error instanceof Failure) || signal.aborted) await suspend(tries);
    throw error;
  } finally {
    pause.end();
    await tries.givenUp;
    await tries.staged?.abort();
  }
}

/** Leaves what is staged to the next try, or to the run that takes the object up again. */
async function suspend(tries: Tries): Promise<void> {
  const { staged } = tries;
  tries.begun = staged?.begun;
  tries.staged = undefined;
  await staged?.suspend();
}

/** The object begins again at byte 0. */
async function discard(transfer: Transfer, tries: Tries, signal: AbortSignal): Promise<void> {
  const { staged } = tries;
  tries.begun = undefined;
  tries.staged = undefined;
  if (staged !== undefined) await staged.abort();
  else await abandonObject(transfer, signal);
}

async function receive(
  transfer: Transfer,
  answer: OriginAnswer,
  tries: Tries,
  signal: AbortSignal,
): Promise<TransferOutcome | ReadAgain<TransferOutcome>> {
  const { entry, stored, store } = transfer;
  const { head } = answer;
  // Only a request for the rest is answered otherwise.
  if (head.status !== 200 && head.status !== 304) {
    return receiveRest(transfer, answer, tries, signal);
  }
  await discard(transfer, tries, signal);
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

/**
 * What was staged, by this run or an earlier one; what had to be given up between two tries is there
 * up to its last mark.
 */
async function whatIsThere(
  transfer: Transfer,
  tries: Tries,
  signal: AbortSignal,
): Promise<StagedObject | undefined> {
  await tries.givenUp;
  return (tries.staged ??= await takeUpObject(transfer, signal));
}

/** Takes an answer to a request for the rest, where it is just that. */
async function receiveRest(
  transfer: Transfer,
  answer: OriginAnswer,
  tries: Tries,
  signal: AbortSignal,
): Promise<TransferOutcome | ReadAgain<TransferOutcome>> {
  const { head } = answer;
  const wasGivenUp = tries.staged === undefined;
  const staged = await whatIsThere(transfer, tries, signal);
  const rest = staged?.readOn(head.origin);
  if (staged !== undefined && rest !== undefined && isTheRest(rest, staged.head, head)) {
    return finish(transfer, answer, staged, tries, signal);
  }
  // Given up while the answer was on its way, there is less than what it goes on behind.
  if (wasGivenUp && !tries.askedAgain) tries.askedAgain = true;
  else await discard(transfer, tries, signal);
  return new ReadAgain((again) => receive(transfer, again, tries, signal));
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
  const reserved = await transfer.memory.reserve(answer.head.length ?? ONE_BUFFER_BYTES, signal);
  try {
    const bytes = await answer.bytes(ONE_BUFFER_BYTES);
    gate.update(bytes);
    const passed = gate.pass();
    const result = await bucket.putBytes(
      entry.key,
      bytes,
      metadata,
      writeOptions(transfer, bytes.length),
      signal,
    );
    return outcomeOf(result, passed, answer.head, gate.lengthVerified, tries);
  } finally {
    reserved.release();
  }
}

async function storeStreamed(
  transfer: Transfer,
  answer: OriginAnswer,
  gate: CommitGate,
  tries: Tries,
  signal: AbortSignal,
): Promise<TransferOutcome | ReadAgain<TransferOutcome>> {
  const { entry, bucket } = transfer;
  if (transfer.askBeforeLarge === true && (await bucket.head(entry.key, signal)) !== undefined) {
    return { outcome: 'skipped', reason: 'exists' };
  }
  const staged = await stageObject(transfer, answer.head, gate, signal);
  tries.staged = staged;
  return finish(transfer, answer, staged, tries, signal);
}

/** Takes the body, or the rest of it, into what is staged, and commits it once it passed. */
async function finish(
  transfer: Transfer,
  answer: OriginAnswer,
  staged: StagedObject,
  tries: Tries,
  signal: AbortSignal,
): Promise<TransferOutcome | ReadAgain<TransferOutcome>> {
  const { entry, store } = transfer;
  const { head, gate } = staged;
  await staged.take(answer);
  const passed = gate.pass();
  if (!gate.mustConfirm) return commit(staged, passed, gate.lengthVerified, tries);
  return new ReadAgain(async (second) => {
    // What was staged was given up meanwhile, so this is a first answer again.
    if (tries.staged !== staged) return receive(transfer, second, tries, signal);
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
