import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type Answer } from '../support/ask.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import type { FaultAnswer } from '../support/fault-origin-script.ts';
import { type GatedOrigin, gatedOrigin } from '../support/gated-origin.ts';
import { plainFiles, sha256 } from '../support/oracle.ts';
import { rawConnection } from '../support/raw-connection.ts';
import { serveHere, type ServeHere } from '../support/serve-here.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

const BODY = Buffer.alloc(200_000, 'a body that is streamed. ');
const OTHER = Buffer.alloc(200_000, 'another version of it... ');
const CUT = { afterBytes: 120_000, how: 'end' } as const;

let master: FaultOrigin;
let slave: FaultOrigin;
let gated: GatedOrigin;
let place: Workplace;
let proxy: ServeHere;

beforeAll(async () => {
  [master, slave, gated] = await Promise.all([faultOrigin(), faultOrigin(), gatedOrigin()]);
  place = await workplace(`version: 1
allowPrivate: true
bucket: { url: "file:./bucket" }
defaults:
  protect: { breaker: { minimumCalls: 1000 } }
  origins:
    masters: ["${master.url}/"]
    retries: { perAddress: 2, base: 1ms, max: 2ms }
rules:
  - { id: proxy, match: { keyPrefix: proxy/ }, action: proxy }
  - id: pair
    match: { keyPrefix: pair/ }
    origins: { slaves: ["${slave.url}/"] }
  - { id: gated, match: { keyPrefix: gated/ }, origins: { masters: ["${gated.url}/"] } }
  - { id: all }
`);
  proxy = await serveHere(place);
});
afterAll(async () => {
  await proxy.stop();
  await Promise.all([master.close(), slave.close(), gated.close(), place.remove()]);
});

const ended = (key: string) =>
  proxy.event((event) => event.event === 'filled' && event.key === key);

const isStored = async (key: string): Promise<boolean> => (await plainFiles(place.bucket)).has(key);

/** The answer, or undefined where the connection broke before it had a head. */
const tried = (key: string): Promise<Answer | undefined> =>
  ask(proxy.url, `/${key}`).catch(() => undefined);

/** Nobody could take it for the object: the connection broke, or it was an error. */
const isWhole = (got: Answer | undefined): boolean => got?.cut === false && got.status === 200;

describe('a body that is not what it was declared to be', () => {
  const MD5 = { 'Content-MD5': 'AAAAAAAAAAAAAAAAAAAAAA==' };
  const broken: readonly (readonly [what: string, answer: FaultAnswer])[] = [
    ['is short of its length', { body: BODY, cutBody: CUT }],
    ['is reset on its way', { body: BODY, cutBody: { ...CUT, how: 'reset' } }],
    ['lacks its last chunk', { body: BODY, framing: 'chunked', cutBody: CUT }],
    ['has another Content-MD5', { body: BODY, headers: MD5 }],
    ['has another Content-MD5, in chunks', { body: BODY, headers: MD5, framing: 'chunked' }],
    ['is one byte short', { body: BODY, declaredLength: BODY.length + 1, hangUp: true }],
    ['is not the same when it is read twice', { body: BODY, framing: 'close' }],
  ];

  test.each(broken)(
    'and %s is no whole object to any client, and is not stored',
    async (what, answer) => {
      const key = `broken/${what.replaceAll(' ', '-')}`;
      const second = { body: OTHER, framing: 'close' } as const;
      master.script(`/${key}`, answer.framing === 'close' ? [answer, second] : answer);
      const got = await tried(key);
      expect(isWhole(got)).toBe(false);
      expect(await ended(key)).toMatchObject({ outcome: 'failed' });
      expect(await isStored(key)).toBe(false);
    },
  );

  test('never ends cleanly for HTTP/1.0, where nothing but the end would mark it', async () => {
    gated.hold('/gated/old', { body: BODY, sent: 120_000, chunked: true });
    const client = await rawConnection(proxy.port);
    client.send('GET /gated/old HTTP/1.0\r\n\r\n');
    await client.until('a body that is streamed. ');
    gated.cut('/gated/old');
    expect(await client.ended()).toBe('reset');
    expect(await ended('gated/old')).toMatchObject({ outcome: 'failed' });
  });

  test.each(broken.slice(0, 6))(
    'and %s is no whole object from a mere proxy',
    async (_w, answer) => {
      master.script('/proxy/a', answer);
      const got = await tried('proxy/a');
      expect(isWhole(got)).toBe(false);
    },
  );
});

describe('a body that breaks off and comes in a second try', () => {
  const versioned = (body: Buffer, etag: string, more: FaultAnswer = {}): FaultAnswer => ({
    body,
    headers: { ETag: etag },
    ...more,
  });
  const restOf = (body: Buffer, etag: string): FaultAnswer => ({
    status: 206,
    body: body.subarray(120_000),
    headers: { ETag: etag, 'Content-Range': `bytes 120000-199999/200000` },
  });

  test('is gone on with where the version is the same, and no client notices', async () => {
    const first = versioned(BODY, '"v1"', { cutBody: CUT });
    master.script('/on', [first, restOf(BODY, '"v1"')]);
    const answer = await ask(proxy.url, '/on');
    expect(answer.cut).toBe(false);
    expect(sha256(answer.body)).toBe(sha256(BODY));
    expect(await ended('on')).toMatchObject({ outcome: 'stored' });
  });

  test('breaks the connection where the version is another, and that one is stored', async () => {
    master.script('/changed', [
      versioned(BODY, '"v1"', { cutBody: CUT }),
      versioned(OTHER, '"v2"'),
    ]);
    const answer = await tried('changed');
    expect(isWhole(answer)).toBe(false);
    if (answer !== undefined) expect(BODY.subarray(0, answer.body.length)).toEqual(answer.body);
    expect(await ended('changed')).toMatchObject({ outcome: 'stored' });
    expect((await plainFiles(place.bucket)).get('changed')?.equals(OTHER)).toBe(true);
  });

  test('is of another address before its first byte, and the client gets it whole', async () => {
    master.script('/pair/head', { body: BODY, cutBody: { afterBytes: 0, how: 'end' } });
    slave.script('/pair/head', { body: OTHER });
    const answer = await ask(proxy.url, '/pair/head');
    expect(answer).toMatchObject({ status: 200, cut: false });
    expect(sha256(answer.body)).toBe(sha256(OTHER));
  });

  test('is of another address behind its first byte, and never mixed with what was sent', async () => {
    master.script('/pair/mixed', { body: BODY, cutBody: CUT });
    slave.script('/pair/mixed', { body: OTHER });
    const answer = await tried('pair/mixed');
    expect(isWhole(answer)).toBe(false);
    if (answer !== undefined) expect(BODY.subarray(0, answer.body.length)).toEqual(answer.body);
    await ended('pair/mixed');
    expect((await plainFiles(place.bucket)).get('pair/mixed')?.equals(OTHER)).toBe(true);
  });
});

test('a whole body of a mere proxy whose digest agrees is handed on', async () => {
  master.script('/proxy/good', {
    body: 'hello',
    headers: { 'Content-MD5': 'XUFAKrxLKna5cZ2REBfFkg==' },
  });
  expect(await ask(proxy.url, '/proxy/good')).toMatchObject({ status: 200, text: 'hello' });
  expect(await readdir(place.bucket)).not.toContain('proxy');
});
