import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FaultAnswer } from '../support/fault-origin-script.ts';
import { type FaultStage, faultStage, type Seen } from '../support/fault-stage.ts';

const SMALL = Buffer.alloc(5000, 'a body that is one piece. ');
/** More than what is taken as one piece. */
const LARGE = Buffer.alloc(200_000, 'a body that is streamed. ');
const OTHER = Buffer.alloc(200_000, 'another version of it... ');
const PACKED = gzipSync(LARGE);
const HALF = 120_000;
const RIGHT = {
  small: SMALL,
  large: LARGE,
  other: OTHER,
  packed: PACKED,
  declared: OTHER.subarray(0, HALF),
  empty: Buffer.alloc(0),
};

const V1 = { ETag: '"v1"' };
const V2 = { ETag: '"v2"' };
const rest = (of: Buffer, etag: object, from = HALF): FaultAnswer => ({
  status: 206,
  body: of.subarray(from),
  headers: { ...etag, 'Content-Range': `bytes ${from}-${of.length - 1}/${of.length}` },
});
const cut = (how: 'end' | 'reset' | 'stall', more: FaultAnswer = {}): FaultAnswer => ({
  body: LARGE,
  cutBody: { afterBytes: HALF, how },
  ...more,
});

const SLOWLY = { bytes: 50_000, everyMs: 100 };

/** What was seen of one key asked for whole, one for a range of its first half, one by HEAD. */
interface Expected {
  readonly whole: Seen;
  readonly range: Seen;
  readonly head: Seen;
}

const HEAD_OF_ORIGIN: Seen = { client: '200 nothing', stored: 'nothing', told: ['HEAD miss 2xx'] };

/** @param asked how often the origin was */
function stored(
  name: keyof typeof RIGHT,
  { asked = 1, range = '206 part' }: { readonly asked?: number; readonly range?: string } = {},
): Expected {
  const bytes = RIGHT[name].length;
  const more = [
    ...(asked > 1 ? [`asked ${asked}`] : []),
    ...(bytes > 0 ? [`bytes filled: ${bytes}`] : []),
    'fill stored',
  ];
  const told = (status: string): string[] => [`GET miss ${status[0] ?? ''}xx`, ...more];
  return {
    whole: { client: `200 ${name}`, stored: name, told: told('200') },
    range: { client: range, stored: name, told: told(range) },
    head: HEAD_OF_ORIGIN,
  };
}

/** Whoever had bytes of it is broken off; a range that was there before was answered. */
function broken(code: string, { asked = 1, ranges = true } = {}): Expected {
  const fill = [...(asked > 1 ? [`asked ${asked}`] : []), `fill ${code}`, 'fill failed'];
  const cutOff = {
    client: '200 cut',
    stored: 'nothing',
    told: ['GET miss 2xx', 'cut', ...fill, `request ${code}`].sort(),
  };
  const part = { client: '206 part', stored: 'nothing', told: ['GET miss 2xx', ...fill].sort() };
  return { whole: cutOff, range: ranges ? part : cutOff, head: HEAD_OF_ORIGIN };
}

/** Of an object that was begun again as another version, which is stored. */
function replaced(by: 'large' | 'other', asked: number): Expected {
  const told = ['GET miss 2xx', `asked ${asked}`, 'bytes filled: 200000', 'fill stored'];
  return {
    whole: {
      client: '200 cut',
      stored: by,
      told: [...told, 'cut', 'request ORIGIN_CHANGED'].sort(),
    },
    range: { client: '206 part', stored: by, told },
    head: HEAD_OF_ORIGIN,
  };
}

/** Nobody got a byte. */
function refused(
  code: string,
  { status = 424, words = 'MirrorFailed', head = true, asked = 1 }: Refusal = {},
): Expected {
  const requests = [...(asked > 1 ? [`asked ${asked}`] : []), `request ${code}`];
  const told = ['GET miss 4xx', `fill ${code}`, 'fill failed', ...requests].sort();
  const got = { client: `${status} ${words}`, stored: 'nothing', told };
  const noHead = { client: `${status} nothing`, stored: 'nothing' };
  return {
    whole: got,
    range: got,
    head: head ? { ...noHead, told: ['HEAD miss 4xx', ...requests] } : HEAD_OF_ORIGIN,
  };
}

interface Refusal {
  readonly status?: number;
  readonly words?: string;
  /** HEAD is refused as well. */
  readonly head?: boolean;
  readonly asked?: number;
}

type Row = readonly [
  what: string,
  script: FaultAnswer | readonly FaultAnswer[],
  expected: Expected,
];

const bodies: readonly Row[] = [
  ['is cut short of its length', cut('end'), broken('LENGTH_MISMATCH')],
  ['is reset on its way', cut('reset'), broken('LENGTH_MISMATCH')],
  [
    'lacks its last chunk',
    // Its first bytes are out before the failure is known.
    cut('end', { framing: 'chunked', drip: SLOWLY }),
    broken('LENGTH_MISMATCH', { ranges: false }),
  ],
  [
    'is reset in a chunk',
    cut('reset', { framing: 'chunked', drip: SLOWLY }),
    broken('LENGTH_MISMATCH', { ranges: false }),
  ],
  ['is hasty: it stalls on its way', cut('stall'), broken('ORIGIN_TIMEOUT')],
  [
    'is hasty: it drips with long pauses',
    { body: LARGE, drip: { bytes: 50_000, everyMs: 400 } },
    refused('ORIGIN_TIMEOUT', { head: false }),
  ],
  [
    'is small and cut',
    { body: SMALL, cutBody: { afterBytes: 100, how: 'end' } },
    refused('LENGTH_MISMATCH', { head: false }),
  ],
  [
    'is small and one byte short',
    { body: SMALL, declaredLength: SMALL.length + 1, hangUp: true },
    refused('LENGTH_MISMATCH', { head: false }),
  ],
  ['is longer than its length', { body: OTHER, declaredLength: HALF }, stored('declared')],
  ['has no byte', { body: '' }, stored('empty', { range: '416 InvalidRange' })],
  ['is packed', { body: PACKED, headers: { 'Content-Encoding': 'gzip' } }, stored('packed')],
  [
    'has another MD5',
    { body: LARGE, headers: { 'Content-MD5': 'AAAAAAAAAAAAAAAAAAAAAA==' } },
    broken('DIGEST_MISMATCH'),
  ],
  [
    'ends with the connection',
    { body: LARGE, framing: 'close' },
    stored('large', { asked: 2, range: '200 large' }),
  ],
  [
    'ends with the connection and differs at the second read',
    [
      { body: LARGE, framing: 'close' },
      { body: OTHER, framing: 'close' },
    ],
    broken('ORIGIN_CHANGED', { asked: 2, ranges: false }),
  ],
  [
    'goes on where it broke',
    [cut('end', { headers: V1 }), rest(LARGE, V1)],
    stored('large', { asked: 2 }),
  ],
  [
    'is another version at the second try',
    [cut('end', { headers: V1 }), { body: OTHER, headers: V2 }],
    replaced('other', 2),
  ],
  [
    'goes on in another version, in a range',
    [cut('end', { headers: V1 }), rest(OTHER, V2), { body: OTHER, headers: V2 }],
    replaced('other', 3),
  ],
  [
    'goes on at another byte than was asked for',
    [cut('end', { headers: V1 }), rest(LARGE, V1, HALF - 1), { body: LARGE, headers: V1 }],
    replaced('large', 3),
  ],
  ['is announced by 103', { body: LARGE, interim: ['103 Early Hints'] }, stored('large')],
  ['ends, and its connection too', { body: LARGE, hangUp: true }, stored('large')],
];

const silent = (afterBytes: number, how: 'end' | 'reset' | 'stall'): FaultAnswer => ({
  cutHead: { afterBytes, how },
});
const LATER = { headers: { 'Retry-After': '60' }, body: 'later' };
const TWO_ENDS = 'content-length: 5\r\ntransfer-encoding: chunked';
const NOT_FOUND = { status: 404, words: 'NoSuchKey' };

const heads: readonly Row[] = [
  ['is a reset', silent(0, 'reset'), refused('ORIGIN_UNREACHABLE')],
  ['is the connection’s end', silent(0, 'end'), refused('ORIGIN_UNREACHABLE')],
  ['is hasty: silence', silent(0, 'stall'), refused('ORIGIN_TIMEOUT')],
  ['is half a head', silent(20, 'end'), refused('ORIGIN_UNREACHABLE')],
  ['is no HTTP', { rawHead: 'this is no HTTP\r\n\r\n' }, refused('ORIGIN_UNREACHABLE')],
  [
    'has an endless head',
    { headers: { 'X-Long': 'x'.repeat(40_000) }, body: LARGE },
    refused('ORIGIN_UNREACHABLE'),
  ],
  [
    'has two lengths',
    { body: SMALL, declaredLength: [SMALL.length, 7] },
    refused('LENGTH_MISMATCH'),
  ],
  [
    'has a length that is no number',
    { body: SMALL, declaredLength: '-1' },
    refused('ORIGIN_UNREACHABLE'),
  ],
  [
    'has a length and chunks',
    { rawHead: `HTTP/1.1 200 OK\r\n${TWO_ENDS}\r\n\r\n0\r\n\r\n` },
    refused('LENGTH_MISMATCH'),
  ],
  ['is 206 to what asked for no range', rest(LARGE, V1), refused('ORIGIN_STATUS')],
  ...[204, 304, 401, 403, 416, 500, 501].map((status): Row => [
    `is ${status}`,
    { status },
    refused('ORIGIN_STATUS'),
  ]),
  ...[404, 410].map((status): Row => [
    `is ${status}`,
    { status },
    refused('ORIGIN_NOT_FOUND', NOT_FOUND),
  ]),
  ...[429, 503].map((status): Row => [
    `is ${status} with Retry-After`,
    { ...LATER, status },
    refused('ORIGIN_STATUS'),
  ]),
  ['is a redirect to nowhere', { status: 302 }, refused('REDIRECT_REFUSED')],
  [
    'is a redirect in a circle',
    { status: 302, headers: { Location: '/circle' } },
    refused('LOOP_DETECTED', { asked: 2 }),
  ],
];

let stage: FaultStage;

beforeAll(async () => {
  stage = await faultStage(`  - id: hasty
    match: { keyPrefix: hasty/ }
    request: { timeouts: { firstByte: 100ms, idle: 100ms } }
  - { id: all }
`);
  stage.site.script('/circle', { status: 302, headers: { Location: '/circle' } });
});
afterAll(async () => {
  await stage.close();
});

const WAYS = {
  whole: {},
  range: { headers: { range: 'bytes=100-199' } },
  head: { method: 'HEAD' },
};

async function played(what: string, script: Row[1]): Promise<Expected> {
  const play = async (way: keyof typeof WAYS): Promise<Seen> => {
    const key = `${what.includes('hasty') ? 'hasty/' : ''}${what.replaceAll(/\W+/g, '-')}/${way}`;
    stage.site.script(`/${key}`, script);
    return stage.play(key, WAYS[way], RIGHT);
  };
  return { whole: await play('whole'), range: await play('range'), head: await play('head') };
}

describe('an origin whose body', () => {
  test.each(bodies)(
    '%s: what the client saw, what was stored, what the metrics say',
    async (what, script, expected) => {
      expect(await played(what, script)).toEqual(expected);
    },
  );
});

describe('an origin whose answer', () => {
  test.each(heads)(
    '%s: what the client saw, what was stored, what the metrics say',
    async (what, script, expected) => {
      expect(await played(what, script)).toEqual(expected);
    },
  );
});
