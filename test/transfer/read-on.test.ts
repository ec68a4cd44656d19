import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { byteBudget } from '../../src/guard/byte-budget.ts';
import type { KeyEntry } from '../../src/model/entry.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { Origin } from '../../src/model/origin.ts';
import { transferObject } from '../../src/transfer/transfer-object.ts';
import type { TransferOutcome } from '../../src/transfer/transfer-outcome.ts';
import { testOrigin } from '../support/fault-origin-adapter.ts';
import type { FaultAnswer } from '../support/fault-origin-script.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { originRequest } from '../contract/origin-contract.ts';
import { type MemoryBucket, memoryBucket } from '../support/memory-bucket.ts';
import { storeSettings } from '../support/settings.ts';

const GIB = 1024 ** 3;
const SIZE = 2_000_000;
const HALF = SIZE / 2;
const A = Buffer.alloc(SIZE, 'version A ');
const B = Buffer.alloc(SIZE, 'VERSION b ');

let server: FaultOrigin;
let bucket: MemoryBucket;

beforeEach(async () => {
  server = await faultOrigin();
  bucket = memoryBucket();
});
afterEach(() => server.close());

/** A 200 with the whole, cut in the middle. */
function cut(body: Buffer, headers: FaultAnswer['headers'] = {}): FaultAnswer {
  return { body, headers, cutBody: { afterBytes: HALF, how: 'end' } };
}

/** A 206 with the second half. */
function rest(body: Buffer, headers: Readonly<Record<string, string>> = {}): FaultAnswer {
  const range = `bytes ${HALF}-${SIZE - 1}/${SIZE}`;
  return {
    status: 206,
    body: body.subarray(HALF),
    headers: { 'Content-Range': range, ...headers },
  };
}

/** Asks each origin in turn, as retries and failover do. */
function inTurn(origins: readonly Origin[]): Origin {
  return {
    name: 'in turn',
    read: async (request, reader, signal) => {
      let failure: unknown;
      for (const origin of origins) {
        try {
          return await origin.read(request, reader, signal);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          failure = error;
        }
      }
      throw failure;
    },
    probe: () => Promise.resolve(),
    close: async () => {
      await Promise.all(origins.map((origin) => origin.close()));
    },
  };
}

async function transferFrom(
  origins: readonly Origin[],
  entry: KeyEntry = { key: objectKey('k') },
): Promise<TransferOutcome> {
  const source = inTurn(origins);
  try {
    return await transferObject(
      {
        entry,
        source,
        request: originRequest('k'),
        bucket,
        store: storeSettings({}),
        ifAbsent: true,
        stored: undefined,
        memory: byteBudget(GIB),
      },
      new AbortController().signal,
    );
  } finally {
    await source.close();
  }
}

/** The object from one address that answers as scripted, one answer a try. */
async function transfer(
  answers: readonly FaultAnswer[],
  entry?: KeyEntry,
): Promise<TransferOutcome> {
  server.script('/k', answers);
  const origin = testOrigin(`${server.url}/`);
  return transferFrom(
    answers.map(() => origin),
    entry,
  );
}

function stored(): Buffer | undefined {
  return bucket.contents.get('k');
}

function ranges(): readonly (string | undefined)[] {
  return server.requests.map(({ headers }) => headers['range']);
}

describe('a body that broke off', () => {
  test('is read on where it broke, pinned to its strong ETag', async () => {
    const outcome = await transfer([cut(A, { ETag: '"a"' }), rest(A, { ETag: '"a"' })]);
    expect(outcome).toMatchObject({ outcome: 'copied', bytes: SIZE });
    expect(stored()?.equals(A)).toBe(true);
    expect(ranges()).toEqual([undefined, `bytes=${HALF}-`]);
    expect(server.requests[1]?.headers['if-range']).toBe('"a"');
    expect(bucket.openUploads()).toBe(0);
  });

  test('is read on as often as it breaks', async () => {
    const range = (from: number) => `bytes ${from}-${SIZE - 1}/${SIZE}`;
    const outcome = await transfer([
      cut(A, { ETag: '"a"' }),
      {
        ...rest(A, { ETag: '"a"' }),
        cutBody: { afterBytes: 250_000, how: 'end' },
      },
      {
        status: 206,
        body: A.subarray(HALF + 250_000),
        headers: { ETag: '"a"', 'Content-Range': range(HALF + 250_000) },
      },
    ]);
    expect(outcome).toMatchObject({ outcome: 'copied', bytes: SIZE });
    expect(stored()?.equals(A)).toBe(true);
    expect(ranges()).toEqual([undefined, `bytes=${HALF}-`, `bytes=${HALF + 250_000}-`]);
  });

  test('is held against its digests as a whole', async () => {
    const md5 = createHash('md5').update(A).digest('base64');
    const headers = { ETag: '"a"', 'Content-MD5': md5 };
    await transfer([cut(A, headers), rest(A, headers)]);
    expect(stored()?.equals(A)).toBe(true);
    bucket = memoryBucket();
    // The second half is of another version although its ETag says otherwise.
    const outcome = await transfer([cut(A, headers), rest(B, headers), { body: A, headers }]);
    expect(outcome.outcome).toBe('copied');
    expect(stored()?.equals(A)).toBe(true);
    expect(ranges().at(-1)).toBeUndefined();
  });

  test.each<readonly [string, FaultAnswer]>([
    ['another version, whole', { body: B, headers: { ETag: '"b"' } }],
    ['another version, its second half', rest(B, { ETag: '"b"' })],
    ['a half that names no version', rest(B)],
    ['a half whose ETag is weak', rest(B, { ETag: 'W/"a"' })],
    [
      'a range that begins earlier',
      {
        ...rest(A, { ETag: '"a"', 'Content-Range': `bytes ${HALF - 5}-${SIZE - 1}/${SIZE}` }),
        body: A.subarray(HALF - 5),
      },
    ],
    [
      'a range that begins earlier and is as long as what was asked for',
      rest(A, { ETag: '"a"', 'Content-Range': `bytes 0-${HALF - 1}/${SIZE}` }),
    ],
    [
      'a range of a longer object',
      rest(A, { ETag: '"a"', 'Content-Range': `bytes ${HALF}-${SIZE - 1}/${SIZE + 1}` }),
    ],
    [
      'a range that ends early',
      {
        ...rest(A, { ETag: '"a"', 'Content-Range': `bytes ${HALF}-${SIZE - 6}/${SIZE}` }),
        body: A.subarray(HALF, SIZE - 5),
      },
    ],
    [
      'a range without Content-Range',
      { status: 206, body: A.subarray(HALF), headers: { ETag: '"a"' } },
    ],
    ['a half in another encoding', rest(B, { ETag: '"a"', 'Content-Encoding': 'gzip' })],
    ['416', { status: 416, body: 'no such range' }],
    ['412', { status: 412, body: 'another version' }],
  ])('starts again from byte 0 on %s', async (_what, answer) => {
    // Whatever comes, the object is one of the two versions, never a mixture.
    const outcome = await transfer([
      cut(A, { ETag: '"a"' }),
      answer,
      { body: B, headers: { ETag: '"b"' } },
    ]);
    expect(outcome).toMatchObject({ outcome: 'copied', bytes: SIZE });
    expect(stored()?.equals(B)).toBe(true);
    expect(ranges()[1]).toBe(`bytes=${HALF}-`);
    expect(bucket.openUploads()).toBe(0);
  });

  test.each<readonly [string, FaultAnswer]>([
    ['a weak ETag', cut(A, { ETag: 'W/"a"' })],
    ['only a date', cut(A, { 'Last-Modified': 'Fri, 20 Nov 2026 04:00:00 GMT' })],
    ['an ETag without quotes', cut(A, { ETag: 'a' })],
    ['an empty ETag', cut(A, { ETag: '""' })],
    ['no validator', cut(A)],
    ['Accept-Ranges: none', cut(A, { ETag: '"a"', 'Accept-Ranges': 'none' })],
    ['no length', { ...cut(A, { ETag: '"a"' }), framing: 'chunked' }],
  ])('is not read on where its answer has %s', async (_what, answer) => {
    await transfer([answer, { body: A }]);
    expect(ranges()).toEqual([undefined, undefined]);
    expect(stored()?.equals(A)).toBe(true);
  });

  test('is never read on at another URL, where a redirect leads elsewhere by then', async () => {
    const redirect = (to: string): FaultAnswer => ({ status: 302, headers: { Location: to } });
    server.script('/k', [redirect('/one'), redirect('/two'), redirect('/two')]);
    server.script('/one', cut(A, { ETag: '"1"' }));
    server.script('/two', [rest(B, { ETag: '"1"' }), { body: B, headers: { ETag: '"1"' } }]);
    const origin = testOrigin(`${server.url}/`);
    expect(await transferFrom([origin, origin])).toMatchObject({ outcome: 'copied', bytes: SIZE });
    expect(stored()?.equals(B)).toBe(true);
  });

  test('is never read on at another address', async () => {
    const slave = await faultOrigin();
    server.script('/k', cut(A, { ETag: '"same"' }));
    slave.script('/k', { body: B, headers: { ETag: '"same"' } });
    const outcome = await transferFrom([testOrigin(`${server.url}/`), testOrigin(`${slave.url}/`)]);
    expect(slave.requests.map(({ headers }) => headers['range'])).toEqual([undefined]);
    expect(outcome).toMatchObject({ outcome: 'copied', origin: `${slave.url}/` });
    expect(outcome).not.toHaveProperty('differs');
    expect(stored()?.equals(B)).toBe(true);
    await slave.close();
  });
});

describe('an origin that contradicts what it said before', () => {
  test('by a cut body that it then declares whole is not believed', async () => {
    const short = A.subarray(0, 600_000);
    await expect(transfer([cut(A), { body: short }, { body: short }])).rejects.toMatchObject({
      code: 'LENGTH_MISMATCH',
      message: expect.stringContaining(`an earlier answer for the same version ${SIZE}`) as string,
    });
    expect(bucket.contents.size).toBe(0);
    expect(bucket.openUploads()).toBe(0);
  });

  test('by a chunked body that is shorter is not believed', async () => {
    const short: FaultAnswer = { body: A.subarray(0, HALF + 7), framing: 'chunked' };
    await expect(transfer([cut(A), short])).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
    expect(bucket.contents.size).toBe(0);
  });

  test('is believed where it names another version', async () => {
    const short = A.subarray(0, 600_000);
    await transfer([cut(A, { ETag: '"1"' }), { body: short, headers: { ETag: '"2"' } }]);
    expect(stored()?.equals(short)).toBe(true);
  });

  test('is told where another address gave the object instead', async () => {
    const slave = await faultOrigin();
    server.script('/k', cut(A));
    slave.script('/k', { body: B.subarray(0, 600_000) });
    const outcome = await transferFrom([testOrigin(`${server.url}/`), testOrigin(`${slave.url}/`)]);
    expect(outcome).toMatchObject({
      outcome: 'copied',
      bytes: 600_000,
      differs: [{ origin: `${server.url}/`, bytes: SIZE }],
    });
    await slave.close();
  });
});
