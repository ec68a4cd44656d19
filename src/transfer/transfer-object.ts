import { Failure } from '../model/failure.ts';
import { type OriginAnswer, type OriginHead, ReadAgain } from '../model/origin.ts';
import { refuseSize } from '../plan/admit-answer.ts';
import { lengthSaidBefore } from '../plan/compare-answers.ts';
import { isUnchanged } from '../plan/decide-copy.ts';
import { isTheRest } from '../plan/read-on.ts';
import { refusal } from '../plan/refusal.ts';
import { storedMetadata } from '../plan/stored-metadata.ts';
import { betweenTries } from './between-tries.ts';
import { gateSettings } from './body-tap.ts';
import { CommitGate, type Passed } from './commit-gate.ts';
import { assertAlike, confirmBody } from './confirm-body.ts';
import { nowhere } from './nowhere.ts';
import { stageObject, takeUpObject } from './stage-object.ts';
import { StagedObject } from './staged-object.ts';
import { ONE_BUFFER_BYTES, storeWhole } from './store-whole.ts';
import { outcomeOf, type TransferOutcome } from './transfer-outcome.ts';
import type { Transfer } from './transfer.ts';
import { KeyHeld, TransferClaim } from './transfer-claim.ts';
import { discard, mustRecheck, requestOf, suspend, type Tries, whatIsThere } from './tries.ts';
import { settled, type Taken, Unsettled } from './unsettled.ts';

/** Bodies that somebody waits for are taken as one buffer up to this many bytes. */
const ONE_TAPPED_BUFFER_BYTES = 64 * 1024;

/**
 * Moves one object from its origin into the bucket: fetch, verify, store. Either the whole object
 * passed the commit gate and is stored, or the bucket is as it was. A further try at the same
 * address goes on where the body broke off, if both sides can be held to the same version; else it
 * starts a new object from byte 0. With claims, a large object is moved by one process at a time.
 * @throws Failure with the code that says why; FatalError and aborts come through.
 */
export function transferObject(transfer: Transfer, signal: AbortSignal): Promise<TransferOutcome> {
  const claim = new TransferClaim(transfer);
  return move(transfer, claim, signal).then(
    (outcome) => (claim.taken ? claim.release().then(() => outcome) : outcome),
    async (error: unknown) => {
      // What went wrong first is what counts.
      await claim.release().catch(() => undefined);
      if (error instanceof KeyHeld) return { outcome: 'held', by: error.by };
      throw error;
    },
  );
}

async function move(
  transfer: Transfer,
  claim: TransferClaim,
  signal: AbortSignal,
): Promise<TransferOutcome> {
  const sealed = transfer.uploads?.find(transfer.entry.key);
  const staged = sealed && (await takeUpObject(transfer, sealed, signal));
  // What an earlier run was told of the same version must hold as well.
  const heads = staged === undefined ? [] : [staged.head];
  const tries: Tries = {
    claim,
    heads,
    staged,
    givenUp: undefined,
    begun: undefined,
    askedAgain: false,
    confirms: undefined,
    sinceMs: undefined,
    unstored: undefined,
  };
  const pause = betweenTries(transfer.memory, () => (tries.givenUp = suspend(tries)));
  const request = requestOf(transfer, tries, signal);
  const take = () =>
    transfer.source.read(
      request,
      pause.around((answer) => {
        tries.confirms = undefined;
        return receive(transfer, answer, tries, signal);
      }),
      signal,
    );
  try {
    const taken = await take();
    if (!(taken instanceof Unsettled)) return taken;
    return await settled(transfer, taken, take, tries, signal);
  } catch (error) {
    // What is wrong with the object, or with the bytes, is no reason to keep them.
    if (!(error instanceof Failure) || signal.aborted) await suspend(tries);
    throw error;
  } finally {
    pause.end();
    if (tries.givenUp !== undefined) await tries.givenUp;
    if (tries.staged !== undefined) await tries.staged.abort();
  }
}

async function receive(
  transfer: Transfer,
  answer: OriginAnswer,
  tries: Tries,
  signal: AbortSignal,
): Promise<Taken | ReadAgain<Taken>> {
  const { entry, stored } = transfer;
  const { head } = answer;
  // Only a request for the rest is answered otherwise.
  if (head.status !== 200 && head.status !== 304) {
    return receiveRest(transfer, answer, tries, signal);
  }
  const discarding = discard(transfer, tries, signal);
  if (discarding !== undefined) await discarding;
  if (stored !== undefined && isUnchanged(stored, head)) {
    return { outcome: 'skipped', reason: 'unchanged' };
  }
  if (head.status === 304) {
    const why = 'a 304 for another version than the one that was asked about';
    throw refusal('ORIGIN_CHANGED', entry.key, head, why);
  }
  const saidBefore = lengthSaidBefore(tries.heads, head);
  tries.heads.push(head);
  const gate = new CommitGate(entry, head, gateSettings(transfer.store, transfer.tap), saidBefore);
  const claiming = tries.claim.beforeTaking(head);
  if (claiming !== undefined) await claiming;
  tries.sinceMs = transfer.rechecks?.now();
  return takeBody(transfer, answer, gate, tries, signal);
}

/** Takes a whole body: at once where it is small, piece by piece else, or only past the tap. */
function takeBody(
  transfer: Transfer,
  answer: OriginAnswer,
  gate: CommitGate,
  tries: Tries,
  signal: AbortSignal,
): Promise<Taken | ReadAgain<Taken>> {
  const { tap } = transfer;
  const { head } = answer;
  tries.unstored = tap && (tap.begin(head) ?? tooMuchMetadata(transfer, head));
  if (tries.unstored !== undefined) return handOn(transfer, answer, gate, tries, signal);
  const oneBuffer = tap === undefined ? ONE_BUFFER_BYTES : ONE_TAPPED_BUFFER_BYTES;
  if (head.length !== undefined && head.length <= oneBuffer) {
    return storeWhole(transfer, answer, gate, tries, signal);
  }
  return storeStreamed(transfer, answer, gate, tries, signal);
}

/** Takes a body that may not be stored, for the tap alone. */
async function handOn(
  transfer: Transfer,
  answer: OriginAnswer,
  gate: CommitGate,
  tries: Tries,
  signal: AbortSignal,
): Promise<Taken | ReadAgain<Taken>> {
  const { tap } = transfer;
  // Others would wait for what they won't find.
  await tries.claim.release();
  tries.staged = new StagedObject({ head: answer.head, gate, trace: undefined, tap }, nowhere());
  return finish(transfer, answer, tries.staged, tries, signal);
}

function tooMuchMetadata({ entry, store }: Transfer, head: OriginHead): Failure | undefined {
  try {
    storedMetadata(entry.key, head, store);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** Takes an answer to a request for the rest, where it is just that. */
async function receiveRest(
  transfer: Transfer,
  answer: OriginAnswer,
  tries: Tries,
  signal: AbortSignal,
): Promise<Taken | ReadAgain<Taken>> {
  const { head } = answer;
  const wasGivenUp = tries.staged === undefined;
  const staged = await whatIsThere(transfer, tries, signal);
  const rest = staged?.readOn(head.origin);
  if (staged !== undefined && rest !== undefined && isTheRest(rest, staged.head, head)) {
    await tries.claim.beforeTaking(staged.head);
    return finish(transfer, answer, staged, tries, signal);
  }
  // Given up while the answer was on its way, there is less than what it goes on behind.
  if (wasGivenUp && !tries.askedAgain) tries.askedAgain = true;
  else await discard(transfer, tries, signal);
  return new ReadAgain((again) => receive(transfer, again, tries, signal));
}

async function storeStreamed(
  transfer: Transfer,
  answer: OriginAnswer,
  gate: CommitGate,
  tries: Tries,
  signal: AbortSignal,
): Promise<Taken | ReadAgain<Taken>> {
  const { entry, bucket } = transfer;
  if (asksBefore(transfer, tries) && (await bucket.head(entry.key, signal)) !== undefined) {
    return { outcome: 'skipped', reason: 'exists' };
  }
  const staged = await stageObject(transfer, answer.head, gate, signal);
  tries.staged = staged;
  return finish(transfer, answer, staged, tries, signal);
}

/** Whoever had the key until it was claimed may have stored it since the bucket was asked. */
function asksBefore({ askBeforeLarge, ifAbsent, tap }: Transfer, { claim }: Tries): boolean {
  return askBeforeLarge === true || (claim.taken && ifAbsent && tap === undefined);
}

/** Takes the body, or the rest of it, into what is staged, and commits it once it passed. */
async function finish(
  transfer: Transfer,
  answer: OriginAnswer,
  staged: StagedObject,
  tries: Tries,
  signal: AbortSignal,
): Promise<Taken | ReadAgain<Taken>> {
  const { entry, store, tap } = transfer;
  const { head, gate } = staged;
  await staged.take(tries.claim.growing(answer, () => gate.receivedBytes));
  const passed = gate.pass();
  if (!gate.mustConfirm) {
    const done = () => commit(transfer, staged, passed, gate.lengthVerified, tries);
    if (!mustRecheck(transfer, head, tries)) return done();
    return new Unsettled(head, done, () => undefined);
  }
  if (tries.confirms !== undefined) {
    assertAlike(entry, head, tries.confirms, passed);
    return commit(transfer, staged, passed, true, tries);
  }
  return new ReadAgain(async (second) => {
    if (tries.staged !== staged) {
      // Given up meanwhile, so it is staged anew; two reads that agree are enough all the same.
      tries.confirms = passed;
      return receive(transfer, second, tries, signal);
    }
    await confirmBody(entry, gateSettings(store, tap), passed, head, second);
    return commit(transfer, staged, passed, true, tries);
  });
}

async function commit(
  { entry, store, tap }: Transfer,
  staged: StagedObject,
  passed: Passed,
  lengthVerified: boolean,
  tries: Tries,
): Promise<TransferOutcome> {
  const { bytes } = passed;
  const { head } = staged;
  tap?.passed();
  // Nobody may have declared how long it was going to be.
  const why = tries.unstored ?? (tap && refuseSize(bytes, entry, head, store));
  if (why !== undefined) return { outcome: 'handedOn', bytes, why };
  const result = await staged.commit();
  tries.staged = undefined;
  return outcomeOf(result, bytes, head, lengthVerified, tries.heads);
}
