import type { Failure } from '../model/failure.ts';
import type { OriginHead, OriginRequest } from '../model/origin.ts';
import type { Passed } from './commit-gate.ts';
import { abandonObject, takeUpObject } from './stage-object.ts';
import type { StagedObject } from './staged-object.ts';
import type { TransferClaim } from './transfer-claim.ts';
import type { Transfer } from './transfer.ts';

/** What the tries at one object so far came to. */
export interface Tries {
  /** Of the object's key. */
  readonly claim: TransferClaim;
  /** The head of every answer whose body was wanted. */
  readonly heads: OriginHead[];
  staged: StagedObject | undefined;
  /** Settles when what had to be given up is. */
  givenUp: Promise<void> | undefined;
  /** How far what was given up had come. */
  begun: StagedObject['begun'] | undefined;
  /** The rest was asked for anew because what was there was given up meanwhile. */
  askedAgain: boolean;
  /** What the first read of this body came to, where it was given up before the second agreed. */
  confirms: Passed | undefined;
  /** When the body that is being taken began; undefined where an earlier run began it. */
  sinceMs: number | undefined;
  /** What forbids to store the body that is handed on. */
  unstored: Failure | undefined;
}

/** Leaves what is staged to the next try, or to the run that takes the object up again. */
export async function suspend(tries: Tries): Promise<void> {
  const { staged } = tries;
  tries.begun = staged?.begun;
  tries.staged = undefined;
  await staged?.suspend();
}

/** The object begins again at byte 0. @returns undefined where nothing of it was there. */
export function discard(
  transfer: Transfer,
  tries: Tries,
  signal: AbortSignal,
): Promise<void> | undefined {
  const { staged } = tries;
  tries.begun = undefined;
  tries.staged = undefined;
  if (staged !== undefined) return staged.abort();
  const { uploads, entry } = transfer;
  return uploads?.find(entry.key) && abandonObject(transfer, signal);
}

/**
 * What was staged, by this run or an earlier one; what had to be given up between two tries is there
 * up to its last mark.
 */
export async function whatIsThere(
  transfer: Transfer,
  tries: Tries,
  signal: AbortSignal,
): Promise<StagedObject | undefined> {
  await tries.givenUp;
  if (tries.staged !== undefined) return tries.staged;
  const sealed = transfer.uploads?.find(transfer.entry.key);
  tries.staged = sealed && (await takeUpObject(transfer, sealed, signal));
  return tries.staged;
}

/** Whether {@link whatIsThere} is sure to find nothing, as of nearly every object. */
function isNothingThere({ uploads, entry }: Transfer, { givenUp, staged }: Tries): boolean {
  return givenUp === undefined && staged === undefined && uploads?.find(entry.key) === undefined;
}

/** Whether the origin is asked once more for the version that was read, before it is committed. */
export function mustRecheck(
  { rechecks, tap }: Transfer,
  head: OriginHead,
  { sinceMs }: Tries,
): boolean {
  return tap === undefined && rechecks?.isDue(head, sinceMs) === true;
}

/**
 * The transfer's request, which tells what of the object is there at each try. Field by field: it is
 * made for every object, and a spread costs many times as much.
 */
export function requestOf(transfer: Transfer, tries: Tries, signal: AbortSignal): OriginRequest {
  const { request } = transfer;
  return {
    key: request.key,
    originKey: request.originKey,
    query: request.query,
    url: request.url,
    headers: request.headers,
    secretHeaders: request.secretHeaders,
    unless: request.unless,
    readOn: (origin) =>
      isNothingThere(transfer, tries)
        ? undefined
        : whatIsThere(transfer, tries, signal).then((staged) => staged?.readOn(origin)),
    begun: () => tries.staged?.begun ?? tries.begun,
    method: request.method,
    range: request.range,
    keepAnswer: request.keepAnswer,
    onRequest: request.onRequest,
    onWait: request.onWait,
  };
}
