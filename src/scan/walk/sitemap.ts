import { Failure, FatalError } from '../../model/failure.ts';
import { objectKey } from '../../model/object-key.ts';
import type { AnswerReader, OriginAnswer, OriginRequest } from '../../model/origin.ts';
import { StepsDiffer, StepTrail } from '../../model/step-trail.ts';
import type { OriginWalk, WalkPiece, WalkPlace } from '../../model/walk.ts';
import { gunzipBytes, isGzip } from '../gunzip-bytes.ts';
import { freshPiece } from './fresh-piece.ts';
import type { HttpIndexSettings } from './http-index.ts';
import { pageDate } from './page-date.ts';
import { NoIndex } from './page-link.ts';
import { type Put, pulled } from './pulled.ts';
import { NO_ROBOTS, type RobotsRules } from './robots.ts';
import { sitemapPage } from './sitemap-page.ts';
import { SitemapSteps } from './sitemap-steps.ts';

/** One sitemap, and the address that what it names hangs on. */
export interface SitemapSettings extends Pick<
  HttpIndexSettings,
  'origin' | 'name' | 'folderUrl' | 'stem' | 'headers' | 'secretHeaders' | 'robots' | 'onRequest'
> {
  /** The sitemap, or the index of sitemaps, that walking begins with. */
  readonly url: string;
}

/** Indexes below indexes: the protocol has none at all, so this only ends circles. */
const MOST_LEVELS = 4;

/**
 * Walks sitemaps (sitemaps.org). A place is one file, packed by gzip or not; an index names further
 * places, a sitemap objects without sizes.
 */
export function sitemap(settings: SitemapSettings): OriginWalk {
  let robots: Promise<RobotsRules> | undefined;
  return {
    name: settings.name,
    start: () => [{ at: `1 ${settings.url}`, prefix: '' }],
    walk: (place, signal) =>
      pulled(async (put, ending) => {
        robots ??= settings.robots?.(ending) ?? Promise.resolve(NO_ROBOTS);
        const rules = await robots.catch((error: unknown) => {
          robots = undefined;
          throw error;
        });
        await readPlace(settings, place, rules, put, ending);
      }, signal),
    close: () => settings.origin.close(),
  };
}

async function readPlace(
  settings: SitemapSettings,
  place: WalkPlace,
  robots: RobotsRules,
  put: Put<WalkPiece>,
  signal: AbortSignal,
): Promise<void> {
  const cut = place.at.indexOf(' ');
  const [level, url] = [Number(place.at.slice(0, cut)), place.at.slice(cut + 1)];
  // A file that broke off is read again from its start: what was handed on stays out of it then.
  let before = new StepTrail().mark;
  const reader: AnswerReader<void> = async (answer) => {
    const what = `GET ${answer.head.url}`;
    const asOfMs = pageDate(answer.head.headers);
    const trail = new StepTrail(before);
    const steps = new SitemapSteps({ ...settings, url, level, robots });
    const page = sitemapPage((entry) => {
      if (entry.kind === 'sitemap') refuseDeeper(level);
      steps.add(entry);
    });
    const hand = async (): Promise<void> => {
      const piece = freshPiece(steps.take(), trail, asOfMs);
      before = trail.mark;
      if (piece !== undefined) await put(piece);
    };
    try {
      for await (const chunk of plainBytes(what, answer, signal)) {
        page.write(chunk);
        await hand();
      }
      page.end();
      await hand();
      trail.finish();
    } catch (error) {
      throw asFailure(error, what);
    }
  };
  await settings.origin.read(request(settings, url), reader, signal);
}

function refuseDeeper(level: number): void {
  if (level < MOST_LEVELS) return;
  throw new NoIndex(`it is the index number ${level} below each other: they lead in a circle`);
}

/** Unpacked where it begins as gzip does: servers name a `.gz` by many types. */
async function* plainBytes(
  what: string,
  answer: OriginAnswer,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const chunks = pulled<Uint8Array>(async (put, ending) => {
    await answer.pipeTo(async (chunk) => {
      ending.throwIfAborted();
      // Unpacking keeps chunks for longer than they last.
      await put(Uint8Array.from(chunk));
    });
  }, signal);
  let begin = Buffer.alloc(0);
  for (;;) {
    const next = await chunks.next();
    if (next.done !== true) begin = Buffer.concat([begin, next.value]);
    if (next.done === true || begin.length > 1) break;
  }
  const whole = rejoined(begin, chunks);
  yield* isGzip(begin) ? gunzipBytes(what, whole) : whole;
}

async function* rejoined(
  begin: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield begin;
  yield* rest;
}

function request(settings: SitemapSettings, url: string): OriginRequest {
  return {
    key: objectKey('sitemap'),
    originKey: 'sitemap',
    query: '',
    url,
    headers: { accept: 'application/xml, text/xml;q=0.9, */*;q=0.1', ...settings.headers },
    secretHeaders: settings.secretHeaders,
    unless: undefined,
    onRequest: settings.onRequest,
  };
}

function asFailure(error: unknown, what: string): unknown {
  if (error instanceof NoIndex) {
    return new Failure('CONTENT_REJECTED', `${what}: no whole sitemap: ${error.message}`, {
      status: 200,
      cause: error,
    });
  }
  if (error instanceof FatalError && error.kind === 'usage') {
    return new Failure('CONTENT_REJECTED', error.message, { status: 200, cause: error });
  }
  if (error instanceof StepsDiffer) {
    return new Failure('ORIGIN_CHANGED', `${what}: ${error.message}`, { cause: error });
  }
  return error;
}
