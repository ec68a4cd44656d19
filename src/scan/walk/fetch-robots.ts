import { Failure, FatalError } from '../../model/failure.ts';
import { objectKey } from '../../model/object-key.ts';
import type { Origin } from '../../model/origin.ts';
import type { Headers } from '../../model/ports.ts';
import { NO_ROBOTS, parseRobots, type RobotsRules } from './robots.ts';

/** RFC 9309, 2.5: a program must read at least 500 KiB; what follows is left out. */
const MOST_BYTES = 500 * 1024;

/** The name by which a robots.txt speaks to this program: what its User-Agent begins with. */
const PROGRAM = 'bucketfill';

export interface RobotsQuestion {
  readonly origin: Pick<Origin, 'read'>;
  /** `scheme://host[:port]`. */
  readonly site: string;
  readonly headers: Headers;
  readonly secretHeaders: ReadonlySet<string>;
  readonly onRequest: () => void;
}

/**
 * Asks a site for its robots.txt. One that is not there (any 4xx) forbids nothing; as long as a
 * server can't say, it is taken to forbid everything (RFC 9309, 2.3.1).
 * @throws FatalError `origins-unusable` where the server fails.
 */
export async function fetchRobots(
  { origin, site, headers, secretHeaders, onRequest }: RobotsQuestion,
  signal: AbortSignal,
): Promise<RobotsRules> {
  const url = `${site}/robots.txt`;
  const kept: Uint8Array[] = [];
  try {
    await origin.read(
      {
        key: objectKey('robots.txt'),
        originKey: 'robots.txt',
        query: '',
        url,
        headers,
        secretHeaders,
        unless: undefined,
        onRequest,
      },
      async (answer) => {
        kept.length = 0;
        let bytes = 0;
        await answer.pipeTo((chunk) => {
          if (bytes < MOST_BYTES) kept.push(Uint8Array.from(chunk.subarray(0, MOST_BYTES - bytes)));
          bytes += chunk.length;
        });
      },
      signal,
    );
  } catch (error) {
    if (isAbsence(error)) return NO_ROBOTS;
    if (!(error instanceof Failure)) throw error;
    throw new FatalError(
      'origins-unusable',
      `${url} can't be read, so nobody knows what the site allows (${error.message}): try again later, or scan with --ignore-robots if the site is yours`,
      error,
    );
  }
  return parseRobots(Buffer.concat(kept).toString('utf8'), PROGRAM);
}

/** Any 4xx, and redirects that lead nowhere, which the RFC counts among them. */
function isAbsence(error: unknown): boolean {
  if (!(error instanceof Failure)) return false;
  if (error.code === 'REDIRECT_REFUSED' || error.code === 'LOOP_DETECTED') return true;
  const { status } = error;
  return status !== undefined && status >= 400 && status < 500;
}
