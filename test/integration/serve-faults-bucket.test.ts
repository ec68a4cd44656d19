import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type FaultStage, faultStage, type Seen } from '../support/fault-stage.ts';
import type { FaultAction } from '../support/s3-double-faults.ts';
import type { Operation } from '../support/s3-double-request.ts';

const SMALL = Buffer.alloc(5000, 'a body that is one piece. ');
const LARGE = Buffer.alloc(200_000, 'a body that is streamed. ');
const PARTS = Buffer.alloc(6 * 1024 ** 2, 'a body that goes up in parts. ');
const RIGHT = { small: SMALL, large: LARGE, parts: PARTS };
const ALWAYS = 99;

let stage: FaultStage;

beforeAll(async () => {
  stage = await faultStage(`  - id: all
    store: { multipart: { threshold: 5MiB, partSize: 5MiB, concurrency: 1 } }
`);
  stage.site.script('/seed', { body: LARGE, headers: { ETag: '"seed"' } });
  await stage.play('seed', {}, RIGHT);
});
afterEach(() => {
  stage.store.healed();
  stage.store.bucket('bucket').uploads.clear();
});
afterAll(async () => {
  await stage.close();
});

function no(status: number, code: string, afterWrite = false): FaultAction {
  return { kind: 'refuse', status, code, retryAfter: '0', afterWrite };
}

describe('a bucket that has the object and whose answer', () => {
  const WAYS = {
    whole: {},
    range: { headers: { range: 'bytes=100-199' } },
    head: { method: 'HEAD' },
    condition: { headers: { 'if-match': '"seed"' } },
  } as const;
  type Way = keyof typeof WAYS;

  const HIT = {
    whole: '200 large',
    range: '206 part',
    head: '200 nothing',
    condition: '200 large',
  };

  function seen(way: Way, client: string, ...told: string[]): Seen {
    const method = way === 'head' ? 'HEAD' : 'GET';
    return { client, stored: 'large', told: [...told, `${method} ${outcomeOf(client)}`].sort() };
  }
  const outcomeOf = (client: string): string =>
    client.startsWith('503') ? 'none 5xx' : client.startsWith('404') ? 'miss 4xx' : 'hit 2xx';

  const hit = (way: Way): Seen => seen(way, HIT[way]);
  const trouble =
    (code: string) =>
    (way: Way): Seen =>
      seen(way, way === 'head' ? '503 nothing later' : '503 SlowDown later', `request ${code}`);
  /** Bytes that were sent before don't make an object; parts and heads have none of those missing. */
  const brokenOff = (way: Way): Seen =>
    way === 'whole' || way === 'condition'
      ? seen(way, '200 cut', 'cut', 'request LENGTH_MISMATCH')
      : hit(way);

  const rows: readonly (readonly [string, FaultAction, number, (way: Way) => Seen])[] = [
    ['is 500', no(500, 'InternalError'), ALWAYS, trouble('BUCKET_UNREACHABLE')],
    ['is 503', no(503, 'SlowDown'), ALWAYS, trouble('BUCKET_THROTTLED')],
    ['is 403', no(403, 'AccessDenied'), ALWAYS, trouble('BUCKET_REFUSED')],
    ['is 403 without a word', no(403, ''), ALWAYS, trouble('BUCKET_REFUSED')],
    ['is 301', no(301, 'PermanentRedirect'), ALWAYS, trouble('BUCKET_UNREACHABLE')],
    ['is a reset', { kind: 'reset' }, ALWAYS, trouble('BUCKET_UNREACHABLE')],
    ['is lost', { kind: 'loseAnswer' }, ALWAYS, trouble('BUCKET_UNREACHABLE')],
    ['is 204', { kind: 'status', status: 204 }, ALWAYS, trouble('BUCKET_REFUSED')],
    ['is 304', { kind: 'status', status: 304 }, ALWAYS, trouble('BUCKET_REFUSED')],
    [
      'has no length',
      { kind: 'withoutHeader', name: 'content-length' },
      ALWAYS,
      trouble('BUCKET_REFUSED'),
    ],
    ['is slow', { kind: 'delay', delayMs: 50 }, ALWAYS, hit],
    ['is 500 once', no(500, 'InternalError'), 1, hit],
    ['is 503 once', no(503, 'SlowDown'), 1, hit],
    ['is a reset once', { kind: 'reset' }, 1, hit],
    ['breaks off', { kind: 'cutBody', afterBytes: 150_000 }, ALWAYS, brokenOff],
  ];

  test.each(rows)(
    '%s: what the client saw, and what the metrics say',
    async (what, action, times, expected) => {
      const { objects } = stage.store.bucket('bucket');
      const seed = objects.get('seed');
      if (seed === undefined) throw new Error('nothing was stored');
      for (const way of ['whole', 'range', 'head', 'condition'] as const) {
        const key = `${what.replaceAll(' ', '-')}/${way}`;
        objects.set(key, seed);
        const operation = way === 'head' ? 'HeadObject' : 'GetObject';
        stage.store.fail({ operation, key, times, action });
        expect([way, await stage.play(key, WAYS[way], RIGHT)]).toEqual([way, expected(way)]);
        expect(stage.site.requestsFor(`/${key}`)).toEqual([]);
      }
    },
  );
});

describe('a bucket that lacks the object, and', () => {
  const GOT = ['GET miss 2xx'];
  const kept = (name: keyof typeof RIGHT): Seen => ({
    client: `200 ${name}`,
    stored: name,
    told: [...GOT, `bytes filled: ${RIGHT[name].length}`, 'fill stored'],
  });
  const lost =
    (code: string, stored = 'nothing') =>
    (name: keyof typeof RIGHT): Seen => ({
      client: `200 ${name}`,
      stored,
      told: [...GOT, `fill ${code}`, 'fill failed'],
    });
  const exists = (name: keyof typeof RIGHT): Seen => ({
    client: `200 ${name}`,
    stored: 'nothing',
    told: [...GOT, 'fill exists'],
  });

  type Write = readonly [
    what: string,
    action: FaultAction,
    times: number,
    expected: (name: keyof typeof RIGHT) => Seen,
  ];
  const writes: readonly Write[] = [
    ['is reset once', { kind: 'reset' }, 1, kept],
    ['has its answer lost', { kind: 'loseAnswer' }, 1, kept],
    ['is 500 once', no(500, 'InternalError'), 1, kept],
    ['is 503 once', no(503, 'SlowDown'), 1, kept],
    ['is 500 once though it was done', no(500, 'InternalError', true), 1, kept],
    ['is slow', { kind: 'delay', delayMs: 50 }, 1, kept],
    ['is refused', no(403, 'AccessDenied'), ALWAYS, lost('BUCKET_REFUSED')],
  ];
  const puts: readonly Write[] = [
    ...writes,
    ['comes too late', no(412, 'PreconditionFailed'), ALWAYS, exists],
    [
      'is an error in a 200',
      { kind: 'errorInBody', code: 'InternalError' },
      ALWAYS,
      lost('BUCKET_REFUSED'),
    ],
  ];

  async function play(
    operation: Operation,
    name: keyof typeof RIGHT,
    [what, action, times]: Write,
  ): Promise<Seen> {
    const key = `${operation}/${name}/${what}`.replaceAll(' ', '-');
    stage.site.script(`/${key}`, { body: RIGHT[name], headers: { ETag: '"v1"' } });
    stage.store.fail({ operation, key, times, action });
    return stage.play(key, {}, RIGHT);
  }

  describe.each(['small', 'large'] as const)('whose PUT of a %s one', (name) => {
    test.each(puts)('%s', async (...row) => {
      const [, , , expected] = row;
      expect(await play('PutObject', name, row)).toEqual(expected(name));
    });
  });

  test('whose PUT gives another ETag has stored it, which is not believed', async () => {
    const action = { kind: 'etag', etag: '"0123456789abcdef0123456789abcdef"' } as const;
    const seen = await play('PutObject', 'small', ['is told otherwise', action, 1, kept]);
    expect(seen).toEqual(lost('BUCKET_REFUSED', 'small')('small'));
  });

  describe.each(['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'] as const)(
    'whose %s',
    (operation) => {
      test.each(writes)('%s', async (...row) => {
        const [, action, , expected] = row;
        expect(await play(operation, 'parts', row)).toEqual(expected('parts'));
        const { uploads } = stage.store.bucket('bucket');
        const isUnknown =
          operation === 'CreateMultipartUpload' &&
          (action.kind === 'loseAnswer' ||
            (action.kind === 'refuse' && action.afterWrite === true));
        // Of an upload whose creation was not answered nobody knows the name.
        expect(uploads.size).toBe(isUnknown ? 1 : 0);
      });
    },
  );

  test('whose AbortMultipartUpload is refused too: the client has it whole, and the upload stays', async () => {
    const key = 'abort';
    stage.site.script(`/${key}`, { body: PARTS });
    const action = no(403, 'AccessDenied');
    stage.store.fail({ operation: 'CompleteMultipartUpload', key, times: ALWAYS, action });
    stage.store.fail({ operation: 'AbortMultipartUpload', key, times: ALWAYS, action });
    expect(await stage.play(key, {}, RIGHT)).toEqual(lost('BUCKET_REFUSED')('parts'));
    expect(stage.store.bucket('bucket').uploads.size).toBe(1);
  });

  test('that refuses what a range was asked of gives the range all the same', async () => {
    stage.site.script('/ranged', { body: LARGE });
    const action = no(403, 'AccessDenied');
    stage.store.fail({ operation: 'PutObject', key: 'ranged', times: ALWAYS, action });
    const asked = { headers: { range: 'bytes=100-199' } };
    const seen = { ...lost('BUCKET_REFUSED')('large'), client: '206 part' };
    expect(await stage.play('ranged', asked, RIGHT)).toEqual(seen);
  });
});
