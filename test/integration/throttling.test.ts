import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

/** What the origin does to one request. */
interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly afterMs: number;
}

/** When a request came, and what it got. */
interface Asked {
  readonly atMs: number;
  readonly path: string;
  readonly status: number;
}

let server: Server;
let url: string;
let place: Workplace;
let underWay: number;
let asked: Asked[];
let answer: (atOnce: number, path: string) => Answer;

beforeEach(async () => {
  [underWay, asked] = [0, []];
  server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path === '/') {
      response.end();
      return;
    }
    underWay += 1;
    const { status, headers = {}, body = Buffer.alloc(0), afterMs } = answer(underWay, path);
    asked.push({ atMs: performance.now(), path, status });
    setTimeout(() => {
      underWay -= 1;
      response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
    }, afterMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
  place = await workplace(rulesFor([url]));
});
afterEach(async () => {
  server.closeAllConnections();
  await Promise.all([new Promise((resolve) => server.close(resolve)), place.remove()]);
});

const keys = (count: number, prefix = 'k'): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

const withStatus = (status: number): number => asked.filter((one) => one.status === status).length;

describe('an origin that throttles whoever asks for more than 6 objects at once', () => {
  test.each([429, 509])('with %i is asked for less, by all workers', async (status) => {
    answer = (atOnce) => (atOnce > 6 ? { status, afterMs: 5 } : { status: 200, afterMs: 10 });
    await place.list(keys(250));
    const run = await place.migrate(['--concurrency', '48']);
    expect(run.code).toBe(0);
    expect(run.summary).toMatchObject({ copied: 250, failed: 0 });
    // Asked by 48 at once, most requests would be throttled, again and again.
    expect(withStatus(status)).toBeLessThan(125);
  });

  test('speeds up again once it takes more', async () => {
    let takes = 2;
    const peaks: number[] = [];
    answer = (atOnce) => {
      if (withStatus(200) === 150) takes = 1000;
      if (atOnce > takes) return { status: 503, afterMs: 5 };
      if (takes === 1000) peaks.push(atOnce);
      return { status: 200, afterMs: 10 };
    };
    await place.list(keys(500));
    const run = await place.migrate(['--concurrency', '24']);
    expect(run.summary).toMatchObject({ copied: 500, failed: 0 });
    expect(Math.max(...peaks.slice(0, 10))).toBeLessThan(12);
    expect(Math.max(...peaks)).toBeGreaterThan(6);
  });
});

describe('Retry-After', () => {
  test('keeps every rule away from the host, for as long as the rules retry', async () => {
    await place.writeRules(`version: 1
allowPrivate: true
bucket: { url: file:./bucket }
defaults: { origins: { retries: { base: 1ms, max: 400ms } } }
rules:
  - { id: first, match: { keyPrefix: a }, origins: { masters: ["${url}"] } }
  - { id: second, origins: { masters: ["${url}"] } }
`);
    let throttledAtMs = Infinity;
    answer = (_, path) => {
      if (path !== '/a3' || throttledAtMs < Infinity) return { status: 200, afterMs: 10 };
      throttledAtMs = performance.now();
      return { status: 429, headers: { 'retry-after': '60' }, afterMs: 0 };
    };
    await place.list([...keys(10, 'a'), ...keys(60, 'b')]);
    const run = await place.migrate(['--concurrency', '4']);
    expect(run.summary).toMatchObject({ copied: 70, failed: 0 });
    const pauses = asked.slice(1).map(({ atMs }, index) => atMs - (asked[index]?.atMs ?? 0));
    expect(Math.max(...pauses)).toBeGreaterThan(300);
    expect(
      asked.filter(({ atMs }) => atMs > throttledAtMs + 200 && atMs < throttledAtMs + 350),
    ).toEqual([]);
  });
});

describe('a rate', () => {
  const body = Buffer.alloc(100_000, 'x');

  test.each([
    ['--bandwidth', ['--bandwidth', '1MB/s'], {}, ''],
    ['the environment', [], { BUCKETFILL_BANDWIDTH: '1MB/s' }, ''],
    ['the rule', [], {}, '    protect: { bandwidth: 1MB/s }\n'],
  ])('of bytes by %s holds', async (_, args, env, protect) => {
    answer = () => ({ status: 200, afterMs: 0, body });
    await place.writeRules(rulesFor([url], [], protect));
    await place.list(keys(12));
    const run = await place.migrate(args, { env });
    expect(run.summary).toMatchObject({ copied: 12, bytes: 1_200_000 });
    expect(run.summary?.elapsedMs).toBeGreaterThan(950);
    expect(run.summary?.elapsedMs).toBeLessThan(2500);
  });

  test.each([
    ['--requests-per-second', ['--requests-per-second', '20'], ''],
    ['the rule', [], '    protect: { requestsPerSecond: 20 }\n'],
  ])('of requests by %s holds', async (_, args, protect) => {
    answer = () => ({ status: 200, afterMs: 0 });
    await place.writeRules(rulesFor([url], [], protect));
    await place.list(keys(24));
    const run = await place.migrate(args);
    expect(run.summary).toMatchObject({ copied: 24 });
    expect(run.summary?.elapsedMs).toBeGreaterThan(950);
    expect(run.summary?.elapsedMs).toBeLessThan(2500);
  });

  test.each([
    [['--bandwidth', '50'], 'expected a rate such as `50MiB/s`'],
    [['--bandwidth', '0B/s'], 'at least 1B/s'],
    [['--requests-per-second', '0'], 'a number above 0'],
    [['--requests-per-second', 'many'], 'a number above 0'],
  ])('that can not be read is a usage error: %s', async (args, why) => {
    await place.list(keys(1));
    const run = await place.migrate(args);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(args[0]);
    expect(run.stderr).toContain(why);
    expect(asked).toEqual([]);
  });

  test('and an interrupted run do not wait for each other', async () => {
    answer = () => ({ status: 200, afterMs: 0 });
    await place.list(keys(40));
    const run = await place.migrate(['--requests-per-second', '0.1'], {
      onStart: ({ stdout, kill }) => {
        const timer = setInterval(() => {
          if (!stdout().includes('"copied"')) return;
          clearInterval(timer);
          kill('SIGTERM');
        }, 5);
      },
    });
    expect(run.code).toBe(143);
    expect(run.summary?.copied).toBe(1);
  });
});

describe('--concurrency auto', () => {
  test('asks many at once by itself, and never more than protect.concurrency allows', async () => {
    let most = 0;
    answer = (atOnce) => {
      most = Math.max(most, atOnce);
      return { status: 200, afterMs: 60 };
    };
    await place.list(keys(600));
    const run = await place.migrate();
    expect(run.summary).toMatchObject({ copied: 600, failed: 0 });
    expect(most).toBeGreaterThanOrEqual(16);
    expect(most).toBeLessThanOrEqual(64);
  });

  test('leaves a number that was given alone', async () => {
    let most = 0;
    answer = (atOnce) => {
      most = Math.max(most, atOnce);
      return { status: 200, afterMs: 10 };
    };
    await place.list(keys(150));
    await place.migrate(['--concurrency', '7']);
    expect(most).toBe(7);
  });
});
