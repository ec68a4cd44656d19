import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A site whose objects are of all kinds that a run meets: its keys say what they are. */
export interface MixedSite {
  readonly url: string;
  readonly keys: readonly string[];
  /** The most requests that were answered at once since it was last asked. */
  readonly mostAtOnce: () => number;
  /** When each request came, in milliseconds. */
  readonly cameAtMs: readonly number[];
  readonly close: () => Promise<void>;
}

const MIB = 1024 ** 2;

/** What the object of a key is; undefined where there is none. */
export function mixedBody(key: string): Buffer | undefined {
  if (key.startsWith('missing')) return undefined;
  const hash = createHash('sha256').update(key).digest('hex');
  const large = key.startsWith('large') ? 11 * MIB : 0;
  return Buffer.alloc(large + (parseInt(hash.slice(0, 4), 16) % 20_000), hash);
}

/**
 * Starts a site of `count` small objects, of which some are missing, some answer 500 once, some
 * twice, some break off once, and of a few large ones, one of which breaks off once. An answer takes
 * `afterMs`.
 */
export async function startMixedSite(count: number, afterMs: number): Promise<MixedSite> {
  const keys = Array.from({ length: count }, (_, index) => `${kindOf(index)}/${index}.bin`);
  const asked = new Map<string, number>();
  const cameAtMs: number[] = [];
  let [atOnce, most] = [0, 0];
  const answer = (key: string, time: number, response: ServerResponse): void => {
    const body = mixedBody(key);
    const isIll = (key.startsWith('flaky') && time === 1) || (key.startsWith('ill') && time <= 2);
    if (isIll) response.writeHead(500).end();
    else if (body === undefined) response.writeHead(404).end();
    else {
      const length = { 'content-length': body.length, etag: `"${key}"` };
      response.writeHead(200, { ...length, 'x-oss-meta-key': key });
      const isCut = /^(?:cut|large-cut)/.test(key) && time === 1;
      if (isCut) {
        response.write(body.subarray(0, body.length / 2), () => response.destroy());
        return;
      }
      response.end(body);
    }
  };
  const server = createServer((request: IncomingMessage, response) => {
    const key = decodeURIComponent((request.url ?? '').slice(1));
    if (key === '') {
      response.end();
      return;
    }
    cameAtMs.push(performance.now());
    const time = (asked.get(key) ?? 0) + 1;
    asked.set(key, time);
    atOnce += 1;
    most = Math.max(most, atOnce);
    response.on('close', () => (atOnce -= 1));
    setTimeout(answer, afterMs, key, time, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
    keys,
    mostAtOnce: () => {
      const before = most;
      most = atOnce;
      return before;
    },
    cameAtMs,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function kindOf(index: number): string {
  if (index % 97 === 50) return index < 97 ? 'large-cut' : 'large';
  if (index % 13 === 0) return 'missing';
  if (index % 17 === 0) return 'flaky';
  if (index % 31 === 0) return 'ill';
  if (index % 19 === 0) return 'cut';
  return 'plain';
}
