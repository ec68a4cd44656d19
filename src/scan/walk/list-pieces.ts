import type { EntryBatch, EntrySource, KeyEntry } from '../../model/entry.ts';
import { Failure, FatalError } from '../../model/failure.ts';
import type { FoundObject, WalkPiece, WalkStep } from '../../model/walk.ts';

/** A list that is walked. */
export interface WalkedList {
  /** For messages. */
  readonly name: string;
  readonly entries: Pick<EntrySource, 'batches'>;
  /** What a record's key comes to. @throws FatalError, which ends the scan. */
  readonly step: (entry: KeyEntry) => WalkStep;
  /** When the list was made; undefined where nobody tells. */
  readonly asOfMs: number | undefined;
}

const START = { end: 0, prefixCrc: 0 };

/** What lists declare is exact to the second. */
const SECOND_MS = 1000;

/**
 * The entries of a list as steps. Records that name no usable key are no steps, and the list is not
 * whole with them: nobody knows what is missing.
 * @throws Failure `CONTENT_REJECTED` where the list is damaged, `KEY_INVALID` for such records, both
 * after everything that could be read.
 */
export async function* listPieces(
  { name, entries: source, step, asOfMs }: WalkedList,
  signal: AbortSignal,
): AsyncGenerator<WalkPiece> {
  let unusable = 0;
  let first = '';
  for await (const { entries } of readable(source.batches(START, signal))) {
    const steps: WalkStep[] = [];
    for (const entry of entries) {
      if ('invalid' in entry) {
        unusable += 1;
        if (unusable === 1) first = entry.reason;
      } else steps.push(step(entry));
    }
    if (steps.length > 0) yield { steps, links: steps.length, asOfMs };
  }
  if (unusable === 0) return;
  const what = unusable === 1 ? 'one record names' : `${unusable} records name`;
  throw new Failure('KEY_INVALID', `${name}: ${what} no key that can be used: ${first}`);
}

/** What a list declares of an object, under an origin key. */
export function listedObject(
  originKey: string,
  { size, etag, lastModifiedMs }: KeyEntry,
): FoundObject {
  return {
    kind: 'object',
    originKey,
    size,
    etag: etag === undefined || /^(?:W\/)?"/.test(etag) ? etag : `"${etag}"`,
    lastModifiedMs,
    resolutionMs: lastModifiedMs === undefined ? undefined : SECOND_MS,
  };
}

async function* readable(batches: AsyncIterable<EntryBatch>): AsyncGenerator<EntryBatch> {
  try {
    yield* batches;
  } catch (error) {
    throw asDamage(error);
  }
}

/** A list that can't be read any further is no reason to stop the walks of others. */
export function asDamage(error: unknown): unknown {
  if (!(error instanceof FatalError) || error.kind !== 'usage') return error;
  return new Failure('CONTENT_REJECTED', error.message, { cause: error });
}
