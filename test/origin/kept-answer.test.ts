import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { HttpResponse } from '../../src/http/http-client.ts';
import { Failure } from '../../src/model/failure.ts';
import type { Origin, OriginRequest } from '../../src/model/origin.ts';
import { keptAnswer } from '../../src/origin/kept-answer.ts';
import { originRequest } from '../contract/origin-contract.ts';
import { testOrigin } from '../support/fault-origin-adapter.ts';
import type { FaultAnswer } from '../support/fault-origin-script.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';

const MEBIBYTE = 1024 * 1024;
const never = new AbortController().signal;

let server: FaultOrigin;
let origin: Origin;

beforeEach(async () => {
  server = await faultOrigin();
  origin = testOrigin(`${server.url}/`, {
    timeouts: { connectMs: 5_000, firstByteMs: 5_000, idleMs: 200 },
    followRedirects: false,
  });
});
afterEach(async () => {
  await origin.close();
  await server.close();
});

/** How a read fails that keeps answers with status 503. */
async function failureOf(change: Partial<OriginRequest> = {}): Promise<Failure> {
  const request = originRequest('o', { keepAnswer: [503], ...change });
  const thrown: unknown = await origin
    .read(request, () => Promise.reject(new Error('the reader was asked')), never)
    .catch((error: unknown) => error);
  if (!(thrown instanceof Failure)) throw thrown;
  return thrown;
}

const textOf = ({ answer }: Failure): string | undefined =>
  answer === undefined ? undefined : Buffer.from(answer.body).toString();

describe('the answer that a failure brings along', () => {
  it('has headers and body as they came, beside what the failure tells anyway', async () => {
    const headers = { 'Content-Type': 'text/html', 'X-Ray': 'a', 'Retry-After': '7' };
    server.script('/o', { status: 503, body: '<p>busy</p>', headers });
    const failure = await failureOf();
    expect(failure).toMatchObject({
      code: 'ORIGIN_STATUS',
      status: 503,
      retryAfterMs: 7_000,
      origin: origin.name,
    });
    expect(textOf(failure)).toBe('<p>busy</p>');
    expect(failure.answer?.headers).toEqual({
      'content-type': 'text/html',
      'x-ray': 'a',
      'retry-after': '7',
      'content-length': '11',
    });
  });

  it('has nothing of the connection that it came by, and no cookie', async () => {
    const headers = {
      Connection: 'keep-alive, X-Hop',
      'Keep-Alive': 'timeout=5',
      'X-Hop': '1',
      'Proxy-Authenticate': 'Basic',
      Trailer: 'x-sum',
      Upgrade: 'h2c',
      'Set-Cookie': ['a=1', 'b=2'],
      'X-Stays': 'yes',
    };
    server.script('/o', { status: 503, body: 'x', headers, framing: 'chunked' });
    expect((await failureOf()).answer?.headers).toEqual({ 'x-stays': 'yes' });
  });

  it.each<[string, FaultAnswer, number]>([
    ['of no bytes', { body: '' }, 0],
    ['of a mebibyte', { body: Buffer.alloc(MEBIBYTE) }, MEBIBYTE],
    ['of a mebibyte in chunks', { body: Buffer.alloc(MEBIBYTE), framing: 'chunked' }, MEBIBYTE],
    ['that ends with the connection', { body: 'page', framing: 'close' }, 4],
  ])('may have a body %s', async (_, answer, bytes) => {
    server.script('/o', { ...answer, status: 503 });
    expect((await failureOf()).answer?.body.length).toBe(bytes);
  });

  it.each<[string, FaultAnswer]>([
    ['is longer than a mebibyte', { body: Buffer.alloc(MEBIBYTE + 1) }],
    ['turns out to be longer', { body: Buffer.alloc(MEBIBYTE + 1), framing: 'chunked' }],
    ['is cut', { body: 'a page', cutBody: { afterBytes: 3, how: 'end' } }],
    ['is reset', { body: 'a page', cutBody: { afterBytes: 3, how: 'reset' } }],
    [
      'never gets its last chunk',
      { body: 'a page', framing: 'chunked', cutBody: { afterBytes: 6, how: 'end' } },
    ],
    ['stalls', { body: 'a page', cutBody: { afterBytes: 3, how: 'stall' } }],
  ])('is missing where its body %s: the status stands', async (_, answer) => {
    server.script('/o', { ...answer, status: 503 });
    const failure = await failureOf();
    expect(failure).toMatchObject({ code: 'ORIGIN_STATUS', status: 503, answer: undefined });
  });

  it.each<[string, FaultAnswer]>([
    ['too long', { body: Buffer.alloc(MEBIBYTE + 1) }],
    ['stalled', { body: 'a page', cutBody: { afterBytes: 3, how: 'stall' } }],
  ])('costs the connection where its body was %s', async (_, answer) => {
    server.script('/o', { ...answer, status: 503 });
    await failureOf();
    server.script('/o', { status: 503, body: 'small' });
    expect(textOf(await failureOf())).toBe('small');
    expect(server.connections()).toBe(2);
    expect(textOf(await failureOf())).toBe('small');
    expect(server.connections()).toBe(2);
  });

  it.each([502, 500, 403])(
    'is not there for a status that nobody asked for: %i',
    async (status) => {
      server.script('/o', { status, body: 'page' });
      expect((await failureOf()).answer).toBeUndefined();
    },
  );

  it('is not there where nothing was to be kept', async () => {
    server.script('/o', { status: 503, body: 'page' });
    expect((await failureOf({ keepAnswer: undefined })).answer).toBeUndefined();
  });

  it.each([404, 410])('comes with a missing object as well: %i', async (status) => {
    server.script('/o', { status, body: 'no such page' });
    const failure = await failureOf({ keepAnswer: [404, 410] });
    expect(failure).toMatchObject({ code: 'ORIGIN_NOT_FOUND', status });
    expect(textOf(failure)).toBe('no such page');
  });

  it('to HEAD has its headers and no body', async () => {
    server.script('/o', { status: 503, body: 'a page' });
    const failure = await failureOf({ method: 'HEAD' });
    expect(failure.answer?.headers).toEqual({ 'content-length': '6' });
    expect(failure.answer?.body.length).toBe(0);
  });

  it('to a request for a range is kept as well', async () => {
    server.script('/o', { status: 503, body: 'page' });
    expect(textOf(await failureOf({ range: 'bytes=0-1' }))).toBe('page');
  });

  it('comes with a redirect that is not followed', async () => {
    server.script('/o', { status: 302, headers: { Location: 'p?q#r' }, body: 'moved' });
    const failure = await failureOf({ keepAnswer: [302] });
    expect(failure).toMatchObject({ status: 302, location: `${server.url}/p?q#r` });
    expect(textOf(failure)).toBe('moved');
    const plain = await failureOf();
    expect(plain).toMatchObject({ status: 302, location: `${server.url}/p?q#r` });
    expect(plain.answer).toBeUndefined();
  });

  it('is the one behind the redirects that are followed', async () => {
    await origin.close();
    origin = testOrigin(`${server.url}/`);
    server.script('/o', { status: 302, headers: { Location: '/p' }, body: 'moved' });
    server.script('/p', { status: 503, body: 'busy' });
    expect(textOf(await failureOf({ keepAnswer: [302, 503] }))).toBe('busy');
  });

  it.each([
    ['the reason of an abort', new Error('interrupted'), true],
    ['a reason that is a failure', new Failure('ORIGIN_TIMEOUT', 'too late'), true],
    ['a bug', new TypeError('bug'), false],
  ])('is given up for %s', async (_, thrown, isAbort) => {
    const stop = new AbortController();
    const response: HttpResponse = {
      status: 503,
      headers: {},
      setCookies: [],
      length: 6,
      framing: 'length',
      bytes: () => {
        if (isAbort) stop.abort(thrown);
        return Promise.reject(thrown);
      },
      pipeTo: () => Promise.reject(thrown),
    };
    await expect(keptAnswer([503], response, stop.signal)).rejects.toBe(thrown);
  });
});
