import type { Bucket, StoredObject } from '../../model/bucket.ts';
import { Failure, FatalError } from '../../model/failure.ts';
import type { GenerationEntry, StoredVersion } from '../../model/generation.ts';
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
 * and the bucket has just what an earlier sync stored. A listing alone proves nothing: a page may
 * hide what can still be fetched.
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
  const { bucket, signal } = deletes;
  const stored = await bucket.head(entry.key, signal);
  if (stored === undefined) return 'absent';
  if (!isOurs(stored, entry.stored)) {
    return 'the bucket has another object there than the last sync stored';
  }
  return (await isGone(entry, deletes))
    ? undefined
    : 'the origin lists it no more but still has it';
}

/** Where nobody saw what the last sync stored, the object itself tells that a copy made it. */
function isOurs(stored: StoredObject, then: StoredVersion | undefined): boolean {
  if (then === undefined) return stored.metadata[STORED_URL] !== undefined;
  return then.etag === stored.etag && then.size === stored.size;
}

/** @throws Failure where the origin neither gives the object nor says that there is none. */
async function isGone(
  { key, rule, originKey }: GenerationEntry,
  { sources, onRequest, signal }: GoneObjects,
): Promise<boolean> {
  const source = sources.get(rule);
  if (source === undefined) return false;
  const { headers, secrets } = source.headers;
  const request = {
    key,
    originKey,
    query: '',
    url: undefined,
    headers,
    secretHeaders: secrets,
    unless: undefined,
    method: 'HEAD' as const,
    onRequest,
  };
  try {
    return await source.origin.read(request, () => Promise.resolve(false), signal);
  } catch (error) {
    if (error instanceof Failure && error.code === 'ORIGIN_NOT_FOUND') return true;
    // Whatever stays down is told by the run itself; the object stays.
    if (error instanceof FatalError && !signal.aborted && error.kind === 'origins-unusable') {
      throw new Failure('ORIGIN_UNREACHABLE', error.message, { cause: error });
    }
    throw error;
  }
}
