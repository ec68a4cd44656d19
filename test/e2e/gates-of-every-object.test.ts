import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ObjectEvent } from '../../src/model/event.ts';
import type { CliResult } from '../support/run-cli.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { STORE_ENV } from '../support/store-rules.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

/** As the benchmark's objects. */
const BYTES = 4096;
/** More than are worked on at once in the beginning, so that connections are used again. */
const OBJECTS = 48;
const KEYS = Array.from({ length: OBJECTS }, (_, n) => `small/${String(n).padStart(5, '0')}.jpg`);
/** Threads take long to load on a machine that is busy. */
const TIMEOUT_MS = 90_000;

/** What is wrong with an object on its way, and how that is told. */
const TROUBLES = {
  none: undefined,
  /** The origin's body ends before the length that it declared. */
  cut: 'LENGTH_MISMATCH',
  /** The origin's body is not what its digest says. */
  changed: 'DIGEST_MISMATCH',
  /** The store names another object's ETag for what it stored. */
  misstored: 'BUCKET_REFUSED',
} as const;
type Trouble = keyof typeof TROUBLES;
const ORDER: readonly Trouble[] = ['cut', 'none', 'changed', 'misstored'];

const troubleAt = (position: number, turn: number): Trouble =>
  ORDER[(position + turn) % ORDER.length] ?? 'none';

const md5 = (bytes: Uint8Array | string) => createHash('md5').update(bytes);
const bodyOf = (key: string): Buffer => Buffer.alloc(BYTES, md5(key).digest());

let troubles: ReadonlyMap<string, Trouble> = new Map();
let store: S3Double;
let place: Workplace;

function answer(key: string, response: ServerResponse): void {
  const body = bodyOf(key);
  const trouble = troubles.get(key);
  const sent = trouble === 'changed' ? bodyOf(`${key}, changed`) : body;
  response.writeHead(200, {
    'content-type': 'image/jpeg',
    'content-length': BYTES,
    'content-md5': md5(body).digest('base64'),
  });
  if (trouble !== 'cut') response.end(sent);
  else response.write(sent.subarray(1), () => response.destroy());
}

const origin = createServer(({ url = '' }, response) => {
  answer(url.slice(1), response);
});

/** The benchmark's own, but for quick retries, and a breaker that lets every key be asked for. */
function rules(): string {
  const { port } = origin.address() as AddressInfo;
  return `version: 1
allowPrivate: true
bucket: { url: s3://bucket/, endpoint: "${store.endpoint}", credentials: { env: DEST } }
rules:
  - id: all
    origins:
      masters: ["http://127.0.0.1:${String(port)}/"]
      retries: { perAddress: 2, base: 1ms, max: 5ms }
    protect: { breaker: { minimumCalls: 100000 } }
`;
}

beforeEach(async () => {
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  store = await startS3Double();
  place = await workplace(rules());
  await place.list(KEYS);
});
afterEach(async () => {
  origin.closeAllConnections();
  await Promise.all([
    new Promise((resolve) => origin.close(resolve)),
    store.close(),
    place.remove(),
  ]);
});

/** Copies all, with something else wrong at each position in each turn. */
async function copy(turn: number, args: readonly string[]): Promise<CliResult> {
  troubles = new Map(KEYS.map((key, position) => [key, troubleAt(position, turn)]));
  for (const [key, trouble] of troubles) {
    if (trouble !== 'misstored') continue;
    const etag = `"${md5('another object').digest('hex')}"`;
    store.fail({ operation: 'PutObject', key, times: 99, action: { kind: 'etag', etag } });
  }
  const ownProcess = args.includes('--workers');
  return place.migrate(args, { env: STORE_ENV, ownProcess });
}

/** What was told of a key, as far as it follows from what was wrong with it. */
function fateOf(event: ObjectEvent): object {
  if (event.outcome === 'failed') return { failed: event.code };
  if (event.outcome !== 'copied') return { outcome: event.outcome };
  const { bytes, etag, lengthVerified } = event;
  return { bytes, etag, lengthVerified };
}

function told({ objects }: CliResult): Map<string, object> {
  return new Map(objects.map((event) => ['key' in event ? event.key : '', fateOf(event)]));
}

function expected(): Map<string, object> {
  return new Map(
    Array.from(troubles, ([key, trouble]) => {
      const etag = `"${md5(bodyOf(key)).digest('hex')}"`;
      const failed = TROUBLES[trouble];
      return [key, failed ? { failed } : { bytes: BYTES, etag, lengthVerified: true }];
    }),
  );
}

/** Keys of which the store got anything. */
function reached(): readonly (string | undefined)[] {
  const keys = store.asked('PutObject').map(({ key }) => key);
  return [...new Set(keys)].filter((key) => key?.startsWith('small/')).sort();
}

describe.each([
  ['by one thread', []],
  ['by two threads', ['--workers', '2']],
])('of small objects that are copied %s', (_, args) => {
  it.each(ORDER.map((__, turn) => turn))(
    'none is copied without its length, its digest and the store’s answer being checked (turn %i)',
    async (turn) => {
      const run = await copy(turn, args);
      expect(told(run)).toEqual(expected());
      expect(run.summary).toMatchObject({ listed: OBJECTS, copied: OBJECTS / 4 });
      expect(run.summary).toMatchObject({ failed: (OBJECTS / 4) * 3 });
    },
    TIMEOUT_MS,
  );

  it(
    'nothing of a body that failed a check is sent to the store',
    async () => {
      await copy(0, args);
      const fit = KEYS.filter((_key, position) =>
        ['none', 'misstored'].includes(troubleAt(position, 0)),
      );
      expect(reached()).toEqual(fit);
      const { objects } = store.bucket('bucket');
      for (const key of fit) expect(objects.get(key)?.bytes.equals(bodyOf(key)), key).toBe(true);
    },
    TIMEOUT_MS,
  );

  it(
    'each is sent with its digest, which the store checks in turn',
    async () => {
      troubles = new Map();
      await place.migrate(args, { env: STORE_ENV, ownProcess: args.length > 0 });
      const sums = new Map(
        store
          .asked('PutObject')
          .map(({ key = '', headers }) => [key, headers['content-md5']] as const)
          .filter(([key]) => key.startsWith('small/')),
      );
      expect(sums).toEqual(new Map(KEYS.map((key) => [key, md5(bodyOf(key)).digest('base64')])));
    },
    TIMEOUT_MS,
  );
});
