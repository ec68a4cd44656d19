import type { Bucket, StoredObject } from '../../model/bucket.ts';
import { Failure, type FailureCode, FatalError } from '../../model/failure.ts';
import type { GenerationEntry } from '../../model/generation.ts';
import type { ObjectRemover } from '../../model/object-remover.ts';
import { STORED_URL } from '../../plan/stored-metadata.ts';
import type { RuleSource } from '../../transfer/rule-source.ts';
import type { Tell } from '../run.ts';

/** What deletes are done with. */
export interface GoneObjects {
  readonly bucket: Bucket;
  readonly remover: ObjectRemover;
  /** By rule id. */
  readonly sources: ReadonlyMap<string, RuleSource>;
  readonly dryRun: boolean;
  readonly tell: Tell;
  /** Told why an object stays, in a line for people. */
  readonly note: (line: string) => void;
  readonly onRequest: () => void;
  readonly signal: AbortSignal;
}

export type DeletedOutcome = 'deleted' | 'kept' | 'failed';

/**
 * Deletes an object that the origin lists no more: where the origin itself says that it has none,
 * to HEAD and to GET, and the bucket has just what an earlier sync stored. A listing alone proves
 * nothing: a page may hide what can still be fetched.
 */
export async function deleteGone(
  entry: GenerationEntry,
  deletes: GoneObjects,
): Promise<DeletedOutcome> {
  const { key, rule } = entry;
  const { tell, note, dryRun, remover, signal } = deletes;
  try {
    const why = await whyKept(entry, deletes);
    if (why === 'absent') return 'deleted';
    if (why !== undefined) {
      note(`${key}: not deleted: ${why}`);
      return 'kept';
    }
    if (dryRun) tell({ key }, { outcome: 'planned', rule, change: 'delete' });
    else {
      await remover.remove(key, signal);
      tell({ key }, { outcome: 'deleted', rule });
    }
    return 'deleted';
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, status, origin } = error;
    const message = `not deleted: ${error.message}`;
    tell({ key }, { outcome: 'failed', rule, code, status, origin, message, attempts: 0 });
    return 'failed';
  }
}

/** Undefined where nothing speaks for it; `absent` where somebody else has removed it. */
async function whyKept(entry: GenerationEntry, deletes: GoneObjects): Promise<string | undefined> {
  const first = await whyNotOurs(entry, undefined, deletes);
  if (first !== undefined) return first;
  const address = await whoLacksIt(entry, deletes);
  if (address === undefined) return 'the origin lists it no more but still has it';
  // The origin may have taken its time, and somebody else may have stored the key meanwhile.
  return whyNotOurs(entry, address, deletes);
}

/** @param address that has no such object; undefined where none was asked yet */
async function whyNotOurs(
  { key, stored: then }: GenerationEntry,
  address: string | undefined,
  { bucket, signal }: GoneObjects,
): Promise<string | undefined> {
  const stored = await bucket.head(key, signal);
  if (stored === undefined) return 'absent';
  if (then === undefined) {
    return isCopyFrom(stored, address)
      ? undefined
      : 'nobody knows whether a sync stored what is there';
  }
  const isSame = then.etag !== '' && then.etag === stored.etag && then.size === stored.size;
  return isSame ? undefined : 'the bucket has another object there than the last sync stored';
}

/** Where nobody saw what the last sync stored, the object itself tells where a copy took it from. */
function isCopyFrom({ metadata }: StoredObject, address = ''): boolean {
  return metadata[STORED_URL]?.startsWith(address) === true;
}

const METHODS = ['HEAD', 'GET'] as const;

/**
 * Asks by HEAD, and where that does not find it by GET: some servers answer HEAD with 404, or refuse
 * it, and give the object all the same.
 * @returns the address that has no such object; undefined where the origin has it.
 * @throws Failure where the origin neither gives the object nor says that there is none.
 */
async function whoLacksIt(
  entry: GenerationEntry,
  { sources, onRequest, signal }: GoneObjects,
): Promise<string | undefined> {
  const source = sources.get(entry.rule);
  if (source === undefined) return undefined;
  const { headers, secrets } = source.headers;
  let refusal: Failure | undefined;
  for (const method of METHODS) {
    const request = {
      key: entry.key,
      originKey: entry.originKey,
      query: '',
      url: undefined,
      headers,
      secretHeaders: secrets,
      unless: undefined,
      method,
      onRequest,
    };
    try {
      // What a reader leaves of a body is cut off.
      await source.origin.read(request, () => Promise.resolve(), signal);
      return undefined;
    } catch (error) {
      refusal = refusalOf(error, signal);
    }
  }
  if (refusal?.code === 'ORIGIN_NOT_FOUND') return refusal.origin;
  throw refusal ?? new Error('the origin was not asked');
}

/** An answer that is no object. @throws what is no answer. */
function refusalOf(error: unknown, signal: AbortSignal): Failure {
  const isAnswer = error instanceof Failure && REFUSALS.has(error.code);
  if (isAnswer && !signal.aborted) return error;
  // Whatever stays down is told by the run itself; the object stays.
  if (error instanceof FatalError && !signal.aborted && error.kind === 'origins-unusable') {
    throw new Failure('ORIGIN_UNREACHABLE', error.message, { cause: error });
  }
  throw error;
}

const REFUSALS: ReadonlySet<FailureCode> = new Set(['ORIGIN_NOT_FOUND', 'ORIGIN_STATUS']);
