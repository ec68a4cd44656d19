import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Failure } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { Origin, OriginRequest } from '../../src/model/origin.ts';

/** An object as an origin holds it. */
export interface HeldObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly contentType: string;
}

/** What goes wrong with every answer for one key. */
export type OriginFault = 'cut' | 'reset' | 'stall' | 'silent' | 'unavailable';

/** An adapter under test, with the far side in the suite's hands. Its timeouts are some 500 ms. */
export interface OriginHarness {
  readonly origin: Origin;
  /** Makes the far side hold an object. */
  hold(key: string, object: HeldObject): void;
  /** Makes the far side answer wrongly for an object that it holds. */
  spoil(key: string, fault: OriginFault): void;
  /** Ends the far side: from now on nobody listens there. */
  shutDown(): Promise<void>;
  close(): Promise<void>;
}

/** A request for `key` with nothing special about it. */
export function originRequest(key: string, change: Partial<OriginRequest> = {}): OriginRequest {
  return {
    key: objectKey(key),
    originKey: key,
    query: '',
    url: undefined,
    headers: {},
    unless: undefined,
    onRequest: () => undefined,
    ...change,
  };
}

const never = new AbortController().signal;
const LIMIT = 1_000_000;

function object(text: string): HeldObject {
  return {
    bytes: Buffer.from(text),
    etag: `"${String(text.length)}-x"`,
    contentType: 'text/plain',
  };
}

/** Keys that something between us and the origin may be tempted to change. */
const ODD_KEYS = [
  'a b+c',
  'a%2Fb',
  'a/b',
  'x//y',
  'ü/日本/😀',
  "q?x=1&y#z!'()*;@",
  'u\u0308',
  'A B+C',
];

/** What every adapter of the Origin port does. */
export function originContract(name: string, make: () => Promise<OriginHarness>): void {
  describe(`the origin contract, ${name}`, () => {
    let harness: OriginHarness;
    let origin: Origin;

    beforeEach(async () => {
      harness = await make();
      ({ origin } = harness);
    });
    afterEach(async () => {
      await harness.close();
    });

    const readText = (key: string, change: Partial<OriginRequest> = {}): Promise<string> =>
      origin.read(
        originRequest(key, change),
        async (answer) => Buffer.from(await answer.bytes(LIMIT)).toString(),
        never,
      );

    it('gives an object as one buffer and tells its head', async () => {
      harness.hold('dir/a.txt', object('hello'));
      const got = await origin.read(
        originRequest('dir/a.txt'),
        async ({ head, ...body }) => ({ head, bytes: await body.bytes(5) }),
        never,
      );
      expect(Buffer.from(got.bytes).toString()).toBe('hello');
      expect(got.head).toMatchObject({
        origin: origin.name,
        status: 200,
        length: 5,
        framing: 'length',
      });
      expect(got.head.headers).toMatchObject({ etag: '"5-x"', 'content-type': 'text/plain' });
    });

    it('gives an object chunk by chunk, waiting for the sink', async () => {
      const held = object('0123456789'.repeat(80_000));
      harness.hold('large', held);
      const chunks: Uint8Array[] = [];
      let busy = false;
      const length = await origin.read(
        originRequest('large'),
        (answer) =>
          answer.pipeTo(async (chunk) => {
            expect(busy).toBe(false);
            busy = true;
            await new Promise((resolve) => setImmediate(resolve));
            chunks.push(chunk);
            busy = false;
          }),
        never,
      );
      expect(length).toBe(held.bytes.length);
      expect(Buffer.concat(chunks).equals(held.bytes)).toBe(true);
    });

    it('gives an object of no bytes', async () => {
      harness.hold('empty', object(''));
      expect(await readText('empty')).toBe('');
    });

    it('keeps keys apart that look alike', async () => {
      for (const key of ODD_KEYS) harness.hold(key, object(`this is ${key}`));
      for (const key of ODD_KEYS) expect(await readText(key)).toBe(`this is ${key}`);
    });

    it('never mixes the bytes of reads that run together', async () => {
      const keys = Array.from({ length: 40 }, (_, index) => `k${String(index)}`);
      for (const key of keys) harness.hold(key, object(key.repeat(20_000)));
      const bodies = await Promise.all(keys.map((key) => readText(key)));
      expect(bodies.every((body, index) => body === keys[index]?.repeat(20_000))).toBe(true);
    });

    it('says that an object is missing, with status and name, and asks no reader', async () => {
      const reading = origin.read(
        originRequest('missing'),
        () => Promise.reject(new Error('the reader was asked')),
        never,
      );
      await expect(reading).rejects.toMatchObject({
        code: 'ORIGIN_NOT_FOUND',
        status: 404,
        origin: origin.name,
      });
    });

    it('gives the head alone to HEAD, with the length that the object has', async () => {
      harness.hold('a', object('hello'));
      const asked = originRequest('a', { method: 'HEAD' });
      const [head, bytes] = await origin.read(
        asked,
        async (answer) => [answer.head, await answer.bytes(0)] as const,
        never,
      );
      expect(head).toMatchObject({ status: 200, length: 5, framing: 'length' });
      expect(head.headers).toMatchObject({ etag: '"5-x"' });
      expect(bytes.length).toBe(0);
      expect(await origin.read(asked, (answer) => answer.pipeTo(() => undefined), never)).toBe(0);
      expect(await readText('a')).toBe('hello');
    });

    it('says to HEAD as well that an object is missing', async () => {
      await expect(readText('missing', { method: 'HEAD' })).rejects.toMatchObject({
        code: 'ORIGIN_NOT_FOUND',
        status: 404,
        origin: origin.name,
      });
    });

    it('gives the whole to who asks for a range where the far side knows none', async () => {
      harness.hold('a', object('hello'));
      expect(await readText('a', { range: 'bytes=1-2' })).toBe('hello');
    });

    it('gives 304 without a body where the version is the known one, else the body', async () => {
      harness.hold('a', object('hello'));
      const readUnless = (etag: string): Promise<[number, number]> =>
        origin.read(
          originRequest('a', { unless: { etag } }),
          async ({ head, ...body }) => [head.status, (await body.bytes(9)).length],
          never,
        );
      expect(await readUnless('"5-x"')).toEqual([304, 0]);
      expect(await readUnless('"other"')).toEqual([200, 5]);
    });

    it.each<[OriginFault, string]>([
      ['cut', 'LENGTH_MISMATCH'],
      ['reset', 'LENGTH_MISMATCH'],
      ['stall', 'ORIGIN_TIMEOUT'],
      ['silent', 'ORIGIN_TIMEOUT'],
      ['unavailable', 'ORIGIN_STATUS'],
    ])('fails by an origin that is %s with %s and its name', async (fault, code) => {
      harness.hold('a', object('hello'.repeat(1000)));
      harness.spoil('a', fault);
      await expect(readText('a')).rejects.toMatchObject({ code, origin: origin.name });
      const piping = origin.read(
        originRequest('a'),
        (answer) => answer.pipeTo(() => undefined),
        never,
      );
      await expect(piping).rejects.toMatchObject({ code });
    });

    it('fails by a body that is longer than the reader can take', async () => {
      harness.hold('a', object('hello'));
      await expect(
        origin.read(originRequest('a'), (answer) => answer.bytes(4), never),
      ).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
    });

    it('gives what the reader throws as it is', async () => {
      harness.hold('a', object('hello'));
      const thrown = new Failure('BUCKET_REFUSED', 'no space');
      await expect(
        origin.read(originRequest('a'), () => Promise.reject(thrown), never),
      ).rejects.toBe(thrown);
      expect(await readText('a')).toBe('hello');
    });

    it('cuts off a body that the reader leaves, and goes on', async () => {
      harness.hold('a', object('0123456789'.repeat(80_000)));
      harness.hold('b', object('next'));
      expect(await origin.read(originRequest('a'), () => Promise.resolve('enough'), never)).toBe(
        'enough',
      );
      expect(await readText('b')).toBe('next');
    });

    it('tells of its request as it sends it, by name', async () => {
      harness.hold('a', object('hello'));
      const told: string[] = [];
      await readText('a', { onRequest: (address) => told.push(address) });
      expect(told).toEqual([origin.name]);
    });

    it('ends with the reason of an abort', async () => {
      harness.hold('a', object('hello'));
      harness.spoil('a', 'silent');
      const stop = new AbortController();
      const reason = new Error('interrupted');
      const reading = origin.read(originRequest('a'), (answer) => answer.bytes(9), stop.signal);
      setTimeout(() => {
        stop.abort(reason);
      }, 20);
      await expect(reading).rejects.toBe(reason);
    });

    it('probes well while somebody answers, and fails when nobody does', async () => {
      await expect(origin.probe(never)).resolves.toBeUndefined();
      await harness.shutDown();
      await expect(origin.probe(never)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
      await expect(readText('a')).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
    });

    it('has a name without credentials or query', () => {
      expect(origin.name).not.toMatch(/[@?#]/);
    });
  });
}
