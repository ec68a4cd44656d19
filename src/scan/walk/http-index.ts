import { Failure, FatalError } from '../../model/failure.ts';
import { objectKey } from '../../model/object-key.ts';
import type { AnswerReader, Origin, OriginRequest } from '../../model/origin.ts';
import type { Headers } from '../../model/ports.ts';
import { StepsDiffer, StepTrail } from '../../model/step-trail.ts';
import type { OriginWalk, WalkPiece, WalkPlace } from '../../model/walk.ts';
import { targetUrl } from '../../http/target-url.ts';
import { freshPiece } from './fresh-piece.ts';
import { IndexSteps } from './index-steps.ts';
import { NoIndex } from './page-link.ts';
import { pageDate } from './page-date.ts';
import { checkSamePage, pageFrame } from './page-frame.ts';
import { type Put, pulled } from './pulled.ts';
import { INDEX_TYPES, readPage } from './read-page.ts';
import { NO_ROBOTS, type RobotsRules } from './robots.ts';

/** One address whose directories are index pages. */
export interface HttpIndexSettings {
  /** The address behind its guards. */
  readonly origin: Pick<Origin, 'read' | 'close'>;
  /** As events show it. */
  readonly name: string;
  /** The folder that all keys are below, with its final slash; nothing behind that. */
  readonly folderUrl: string;
  /** What every origin key's path below the folder begins with; '' but where a base has no final slash. */
  readonly stem: string;
  /** Where walking begins: a path below the folder, '' or with its final slash. */
  readonly from: string;
  /** The URL of a path below the folder. @throws Failure `KEY_INVALID`. */
  readonly locate: (path: string) => string;
  readonly headers: Headers;
  readonly secretHeaders: ReadonlySet<string>;
  /** The host's robots.txt; absent: it is not asked for. */
  readonly robots?: ((signal: AbortSignal) => Promise<RobotsRules>) | undefined;
  /** Told of each request. */
  readonly onRequest: () => void;
}

/**
 * Walks the index pages that web servers make of directories. A place is one page; what it links
 * one level below itself is an object, or, with a final slash, another place.
 */
export function httpIndex(settings: HttpIndexSettings): OriginWalk {
  const { name, from, stem } = settings;
  const prefix = from.startsWith(stem) ? from.slice(stem.length) : '';
  let robots: Promise<RobotsRules> | undefined;
  return {
    name,
    start: () => [{ at: from, prefix }],
    walk: (place, signal) =>
      pulled(async (put, ending) => {
        robots ??= settings.robots?.(ending) ?? Promise.resolve(NO_ROBOTS);
        const rules = await robots.catch((error: unknown) => {
          robots = undefined;
          throw error;
        });
        refuseStart(settings, place, rules);
        await readPlace(settings, place, rules, put, ending);
      }, signal),
    close: () => settings.origin.close(),
  };
}

/** @throws FatalError `origins-unusable` where the address itself is not to be walked. */
function refuseStart(settings: HttpIndexSettings, place: WalkPlace, robots: RobotsRules): void {
  if (place.at !== settings.from || robots.allowsAll) return;
  const url = settings.locate(place.at);
  if (robots.allows(targetUrl(url)?.path ?? '/')) return;
  throw new FatalError(
    'origins-unusable',
    `${settings.name}: robots.txt asks to stay out of it; if the site is yours, scan with --ignore-robots`,
  );
}

async function readPlace(
  settings: HttpIndexSettings,
  place: WalkPlace,
  robots: RobotsRules,
  put: Put<WalkPiece>,
  signal: AbortSignal,
): Promise<void> {
  const url = settings.locate(place.at);
  // A page that broke off is read again from its start: what was handed on stays out of it then.
  let before = new StepTrail().mark;
  const reader: AnswerReader<void> = async (answer) => {
    const { head } = answer;
    const what = `GET ${head.url}`;
    checkSamePage(url, head.url);
    const asOfMs = pageDate(answer.head.headers);
    const trail = new StepTrail(before);
    const steps = new IndexSteps({ ...pageFrame(settings, place, head.url), robots });
    const page = readPage(head.headers['content-type'], (link) => {
      steps.add(link);
    });
    if (page === undefined) throw noPage(what, head.headers['content-type']);
    const hand = async (): Promise<void> => {
      const piece = freshPiece(steps.take(), trail, asOfMs);
      before = trail.mark;
      if (piece !== undefined) await put(piece);
    };
    try {
      await answer.pipeTo((chunk) => {
        page.write(chunk);
        return hand();
      });
      const saidSo = page.end();
      await hand();
      trail.finish();
      if (head.framing === 'close' && !saidSo) throw maybeCut(what);
    } catch (error) {
      throw asFailure(error, what);
    }
  };
  await settings.origin.read(request(settings, place, url), reader, signal);
}

function request(settings: HttpIndexSettings, place: WalkPlace, url: string): OriginRequest {
  return {
    key: objectKey(place.at === '' ? '/' : place.at),
    originKey: place.at,
    query: '',
    url,
    headers: { accept: INDEX_TYPES, ...settings.headers },
    secretHeaders: settings.secretHeaders,
    unless: undefined,
    onRequest: settings.onRequest,
  };
}

function noPage(what: string, type: string | undefined): Failure {
  const got = type === undefined ? 'no Content-Type' : `a ${type.slice(0, 80)}`;
  return new Failure(
    'CONTENT_REJECTED',
    `${what}: answered ${got}, expected an index page (HTML, JSON or XML)`,
    { status: 200 },
  );
}

function maybeCut(what: string): Failure {
  return new Failure(
    'LENGTH_UNKNOWN',
    `${what}: the page has neither a length nor an end of its own, so it may be cut`,
  );
}

function asFailure(error: unknown, what: string): unknown {
  if (error instanceof NoIndex) {
    return new Failure('CONTENT_REJECTED', `${what}: no index page: ${error.message}`, {
      status: 200,
      cause: error,
    });
  }
  if (error instanceof StepsDiffer) {
    return new Failure('ORIGIN_CHANGED', `${what}: ${error.message}`, { cause: error });
  }
  return error;
}
