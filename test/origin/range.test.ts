import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Origin, OriginRequest } from '../../src/model/origin.ts';
import { originRequest } from '../contract/origin-contract.ts';
import type { FaultAnswer } from '../support/fault-origin-script.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { ORIGINS_UNDER_TEST } from './origins-under-test.ts';

let server: FaultOrigin;
let origin: Origin;
const never = new AbortController().signal;

beforeEach(async () => {
  server = await faultOrigin();
});
afterEach(async () => {
  await origin.close();
  await server.close();
});

/** A 206 with `body`, of which Content-Range says `told`. */
const part = (told: string | undefined, change: FaultAnswer = {}): FaultAnswer => ({
  status: 206,
  body: 'ell',
  headers: told === undefined ? {} : { 'Content-Range': told },
  ...change,
});

describe.each(ORIGINS_UNDER_TEST)('a range of an $kind origin', ({ open, path }) => {
  beforeEach(() => {
    origin = open(server);
  });

  const buffered = (change: Partial<OriginRequest> = {}): Promise<[number, string]> =>
    origin.read(
      originRequest('o', { range: 'bytes=1-3', ...change }),
      async ({ head, ...body }) => [head.status, Buffer.from(await body.bytes(99)).toString()],
      never,
    );
  const piped = (taken: string[] = []): Promise<[number, number]> =>
    origin.read(
      originRequest('o', { range: 'bytes=1-3' }),
      async ({ head, ...body }) => [
        head.status,
        await body.pipeTo((chunk) => {
          taken.push(Buffer.from(chunk).toString());
        }),
      ],
      never,
    );

  it('is asked for as it was given', async () => {
    server.script(path, part('bytes 1-3/5'));
    await buffered({ headers: { 'x-a': 'b' } });
    expect(server.requests[0]?.headers).toMatchObject({ range: 'bytes=1-3', 'x-a': 'b' });
    expect(server.requests[0]?.headers).not.toHaveProperty('if-range');
    expect(server.requests[0]?.headers).not.toHaveProperty('if-match');
  });

  it.each<[string, FaultAnswer]>([
    ['with its length', part('bytes 1-3/5')],
    ['of an object whose size is not told', part('bytes 1-3/*')],
    ['in chunks', part('bytes 1-3/5', { framing: 'chunked' })],
    ['that ends with the connection', part('bytes 1-3/5', { framing: 'close' })],
    ['that is another than was asked for', part('bytes 0-2/5')],
  ])('reaches the reader as 206 where it comes %s', async (_, answer) => {
    server.script(path, answer);
    expect(await buffered()).toEqual([206, 'ell']);
    expect(await piped()).toEqual([206, 3]);
  });

  it('reaches the reader as 200 where the whole comes', async () => {
    server.script(path, { body: 'hello' });
    expect(await buffered()).toEqual([200, 'hello']);
  });

  it('reaches the reader as 416 where the object does not have it', async () => {
    server.script(path, { status: 416, headers: { 'Content-Range': 'bytes */0' } });
    expect(await buffered()).toEqual([416, '']);
    expect(await piped()).toEqual([416, 0]);
  });

  it('of a HEAD is told by the head, without a body', async () => {
    for (const framing of ['length', 'chunked'] as const) {
      server.script(path, part('bytes 1-3/5', { framing }));
      expect(await buffered({ method: 'HEAD' })).toEqual([206, '']);
    }
  });

  it.each([
    ['runs backwards by one', part('bytes 1-0/5', { body: '' })],
    [
      'is beyond counting',
      part('bytes 99999999999999999-99999999999999999/199999999999999999', { body: 'x' }),
    ],
  ])('fails where Content-Range %s, though the length seems to fit', async (_, answer) => {
    server.script(path, answer);
    await expect(buffered()).rejects.toMatchObject({ code: 'LENGTH_MISMATCH', status: 206 });
  });

  it.each([
    ['is missing', undefined],
    ['is of another unit', 'lines 1-3/5'],
    ['names none', 'bytes */5'],
    ['runs backwards', 'bytes 3-1/5'],
    ['ends behind the object', 'bytes 3-5/5'],
    ['is told twice', 'bytes 1-3/5, bytes 1-3/5'],
    ['names fewer bytes than the length', 'bytes 1-2/5'],
    ['names more bytes than the length', 'bytes 1-4/5'],
  ])('fails before its reader is asked where Content-Range %s', async (_, told) => {
    server.script(path, part(told));
    const reading = origin.read(
      originRequest('o', { range: 'bytes=1-3' }),
      () => Promise.reject(new Error('the reader was asked')),
      never,
    );
    await expect(reading).rejects.toMatchObject({
      code: 'LENGTH_MISMATCH',
      status: 206,
      origin: origin.name,
      message: expect.stringContaining('GET ') as string,
    });
  });

  it.each(['chunked', 'close'] as const)(
    'of undeclared length (%s) fails by a body that does not fit, and gives no byte beyond',
    async (framing) => {
      for (const told of ['bytes 1-4/5', 'bytes 1-2/5']) {
        server.script(path, part(told, { framing }));
        await expect(buffered()).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
        const taken: string[] = [];
        await expect(piped(taken)).rejects.toMatchObject({
          code: 'LENGTH_MISMATCH',
          origin: origin.name,
        });
        expect(taken.join('')).toBe(told === 'bytes 1-4/5' ? 'ell' : '');
      }
    },
  );

  it('fails by a body that is cut', async () => {
    server.script(path, part('bytes 1-3/5', { cutBody: { afterBytes: 1, how: 'end' } }));
    await expect(buffered()).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
  });

  it('that is the rest of a version is judged by its reader, who knows the version', async () => {
    server.script(path, part('bytes 9-9/10'));
    const readOn = () => Promise.resolve({ offset: 1, etag: '"e"', total: 4 });
    expect(await buffered({ range: undefined, readOn })).toEqual([206, 'ell']);
    expect(server.requests[0]?.headers).toMatchObject({ range: 'bytes=1-' });
  });

  it.each([
    [206, 'ORIGIN_STATUS'],
    [416, 'ORIGIN_STATUS'],
  ])('that nobody asked for is the failure it was: %i', async (status, code) => {
    server.script(path, part('bytes 1-3/5', { status }));
    await expect(buffered({ range: undefined })).rejects.toMatchObject({ code, status });
  });

  it.each([304, 412])('is not a matter of versions: %i is a failure', async (status) => {
    server.script(path, { status });
    await expect(buffered()).rejects.toMatchObject({ code: 'ORIGIN_STATUS', status });
  });
});
