import { FatalError } from '../../model/failure.ts';
import type { FoundObject, OriginWalk, WalkPiece, WalkPlace, WalkStep } from '../../model/walk.ts';
import { originFailure } from '../../s3/explain-s3-error.ts';
import { listLevel } from '../../s3/list-level.ts';
import { listPages } from '../../s3/list-objects.ts';
import type { S3ListedObject } from '../../s3/listed-object.ts';
import type { S3Store } from '../../s3/s3-store.ts';
import { pageDate } from './page-date.ts';

/** One bucket that is listed, or the part of it below a prefix. */
export interface S3ListingSettings {
  readonly store: Pick<S3Store, 'send' | 'close'>;
  /** As events show it: `s3://bucket/prefix/`. */
  readonly name: string;
  /** What the whole key of every origin key begins with, and what is no part of the origin key. */
  readonly base: string;
  /** What every origin key that is looked for begins with. */
  readonly from: string;
}

/** So many prefixes are listed each by itself; of more, most would hold less than one page. */
const MOST_PREFIXES = 64;

/** Levels with nothing but one prefix that are gone down to find several. */
const MOST_LEVELS = 16;

/** Pages that an interrupted scan lists again at most. */
const PAGES_A_PLACE = 32;

/** LastModified has whole seconds, whatever digits follow (AWS S3 API Reference, "Object"). */
const SECOND_MS = 1000;

/**
 * Walks a bucket by its listing. A place is either a level, whose prefixes are places of their own
 * where they are few enough to be worth it, or a run of pages of the flat listing behind a key.
 * Each level and each run says by itself whether it is complete; keys are exact.
 */
export function s3Listing(settings: S3ListingSettings): OriginWalk {
  const { name, from, store } = settings;
  return {
    name,
    start: () => [levelPlace(from, MOST_LEVELS)],
    walk: (place, signal) => walkPlace(settings, place, signal),
    close: () => store.close(),
  };
}

async function* walkPlace(
  settings: S3ListingSettings,
  place: WalkPlace,
  signal: AbortSignal,
): AsyncGenerator<WalkPiece> {
  const [kind, where = ''] = place.at.split(' ');
  try {
    if (kind === 'behind') yield* walkRun(settings, place, decodeURIComponent(where), signal);
    else yield await walkLevel(settings, place, Number(where), signal);
  } catch (error) {
    throw asFailure(error, settings.name);
  }
}

/** @param levels that may still be gone down below this one */
async function walkLevel(
  { store: plain, base }: S3ListingSettings,
  { prefix }: WalkPlace,
  levels: number,
  signal: AbortSignal,
): Promise<WalkPiece> {
  const flat: WalkPiece = { steps: [place(runPlace(prefix, ''))], links: 1 };
  if (levels === 0) return flat;
  const store = datedStore(plain);
  const level = await listLevel(store, `${base}${prefix}`, signal);
  if (level === undefined || level.prefixes.length > MOST_PREFIXES) return flat;
  const { objects, prefixes } = level;
  const isOnlyOne = prefixes.length === 1;
  const places = prefixes.map((whole) => {
    const below = whole.slice(base.length);
    return place(isOnlyOne ? levelPlace(below, levels - 1) : runPlace(below, ''));
  });
  return {
    steps: [...objects.map((object) => found(object, base)), ...places],
    links: objects.length + prefixes.length,
    asOfMs: store.datedMs(),
  };
}

async function* walkRun(
  { store: plain, base }: S3ListingSettings,
  { prefix }: WalkPlace,
  after: string,
  signal: AbortSignal,
): AsyncGenerator<WalkPiece> {
  const store = datedStore(plain);
  let pages = 0;
  const range = {
    prefix: `${base}${prefix}`,
    after: after === '' ? '' : `${base}${after}`,
    pages: PAGES_A_PLACE,
  };
  for await (const objects of listPages(store, range, signal)) {
    const steps: WalkStep[] = objects.map((object) => found(object, base));
    pages += 1;
    const last = objects.at(-1);
    if (pages < PAGES_A_PLACE || last === undefined) {
      yield { steps, links: objects.length, asOfMs: store.datedMs() };
      continue;
    }
    steps.push(place(runPlace(prefix, last.key.slice(base.length))));
    yield { steps, links: objects.length + 1, asOfMs: store.datedMs() };
    return;
  }
}

/** A store together with the Date of its last answer. */
function datedStore(
  store: Pick<S3Store, 'send'>,
): Pick<S3Store, 'send'> & { readonly datedMs: () => number | undefined } {
  let datedMs: number | undefined;
  return {
    datedMs: () => datedMs,
    send: (request, reader, signal) =>
      store.send(
        request,
        (response) => {
          datedMs = pageDate(response.headers);
          return reader(response);
        },
        signal,
      ),
  };
}

function found({ key, size, etag, lastModifiedMs }: S3ListedObject, base: string): FoundObject {
  return {
    kind: 'object',
    originKey: key.slice(base.length),
    size,
    ...(etag === '' ? {} : { etag }),
    lastModifiedMs,
    resolutionMs: SECOND_MS,
  };
}

function place(found: WalkPlace): WalkStep {
  return { kind: 'place', place: found };
}

function levelPlace(prefix: string, levels: number): WalkPlace {
  return { at: `level ${levels} ${encodeURIComponent(prefix)}`, prefix };
}

/** @param after an origin key; '' for all */
function runPlace(prefix: string, after: string): WalkPlace {
  return {
    at: `behind ${encodeURIComponent(after)} ${encodeURIComponent(prefix)}`,
    prefix,
  };
}

function asFailure(error: unknown, name: string): unknown {
  if (error instanceof FatalError) return error;
  return originFailure(error, { bucket: name, doing: 'list objects' });
}
