import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Failure } from '../../src/model/failure.ts';
import type { Origin, OriginRequest } from '../../src/model/origin.ts';
import { originRequest } from '../contract/origin-contract.ts';
import type { FaultAnswer } from '../support/fault-origin-script.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { faultS3Origin } from '../support/fault-s3-origin.ts';

const MEBIBYTE = 1024 * 1024;
const PATH = '/old/o';
const keys = {
  accessKeyId: 'AKIDCANARY',
  secretAccessKey: 'canary-secret',
  sessionToken: 'canary-token',
};
const never = new AbortController().signal;

let server: FaultOrigin;
let origin: Origin;

beforeEach(async () => {
  server = await faultOrigin();
  const timeouts = { connectMs: 5_000, firstByteMs: 5_000, idleMs: 200 };
  origin = faultS3Origin(server, { timeouts, keys: () => Promise.resolve(keys) });
});
afterEach(async () => {
  await origin.close();
  await server.close();
});

async function failureOf(change: Partial<OriginRequest> = {}): Promise<Failure> {
  const request = originRequest('o', { keepAnswer: [404, 503], ...change });
  const thrown: unknown = await origin
    .read(request, () => Promise.reject(new Error('the reader was asked')), never)
    .catch((error: unknown) => error);
  if (!(thrown instanceof Failure)) throw thrown;
  return thrown;
}

const textOf = ({ answer }: Failure): string | undefined =>
  answer === undefined ? undefined : Buffer.from(answer.body).toString();

describe("a store's answer that a failure brings along", () => {
  const xml = '<Error><Code>NoSuchKey</Code><Message>none</Message></Error>';

  it('has headers and body as they came, without what is of the connection', async () => {
    const headers = {
      'Content-Type': 'application/xml',
      'Keep-Alive': 'timeout=5',
      'Set-Cookie': 'a=1',
    };
    server.script(PATH, { status: 404, body: xml, headers });
    const failure = await failureOf();
    expect(failure).toMatchObject({ code: 'ORIGIN_NOT_FOUND', status: 404, origin: 's3://old/' });
    expect(textOf(failure)).toBe(xml);
    expect(failure.answer?.headers).toEqual({
      'content-type': 'application/xml',
      'content-length': String(xml.length),
    });
  });

  it.each([
    ['of no bytes', 0],
    ['longer than any error of a store', 100_000],
    ['of a mebibyte', MEBIBYTE],
  ])('may have a body %s, whatever its bytes are', async (_, bytes) => {
    const body = Buffer.alloc(bytes, Buffer.from([0, 200, 255, 13]));
    server.script(PATH, { status: 503, body });
    const failure = await failureOf();
    expect(failure.status).toBe(503);
    expect(body.equals(failure.answer?.body ?? Buffer.from('none'))).toBe(true);
  });

  it.each<[string, FaultAnswer]>([
    ['is longer than a mebibyte', { body: Buffer.alloc(MEBIBYTE + 1) }],
    ['is cut', { body: xml, cutBody: { afterBytes: 9, how: 'end' } }],
    ['stalls', { body: xml, cutBody: { afterBytes: 9, how: 'stall' } }],
  ])('is missing where its body %s: the status stands', async (_, answer) => {
    server.script(PATH, { ...answer, status: 503 });
    expect(await failureOf()).toMatchObject({ status: 503, answer: undefined });
  });

  it('is not there for a status that nobody asked for, nor for a failure without a status', async () => {
    server.script(PATH, { status: 403, body: xml.replace('NoSuchKey', 'AccessDenied') });
    expect(await failureOf()).toMatchObject({ status: 403, answer: undefined });
    server.script(PATH, { status: 404, body: xml.replace('NoSuchKey', 'NoSuchBucket') });
    expect(await failureOf()).toMatchObject({ code: 'ORIGIN_UNREACHABLE', answer: undefined });
  });

  it('to HEAD has its headers and no body', async () => {
    server.script(PATH, { status: 404, body: xml });
    const failure = await failureOf({ method: 'HEAD' });
    expect(failure.answer?.headers).toEqual({ 'content-length': String(xml.length) });
    expect(failure.answer?.body.length).toBe(0);
  });

  it('echoes no secret of the request', async () => {
    const body = `<Error><Code>NoSuchKey</Code><X>AKIDCANARY canary-secret canary-token</X></Error>`;
    server.script(PATH, { status: 404, body, headers: { 'X-Echo': 'AKIDCANARY' } });
    const failure = await failureOf();
    expect(textOf(failure)).toBe('<Error><Code>NoSuchKey</Code><X>*** *** ***</X></Error>');
    expect(failure.answer?.headers).toEqual({ 'x-echo': '***' });
  });
});

describe('a range that a stored object does not have', () => {
  it('is an answer with what the store says of it', async () => {
    const headers = { 'Content-Range': 'bytes */5' };
    server.script(PATH, { status: 416, body: '<Error/>', headers });
    const got = await origin.read(
      originRequest('o', { range: 'bytes=9-' }),
      async ({ head, ...body }) => [head, Buffer.from(await body.bytes(99)).toString()],
      never,
    );
    expect(got).toMatchObject([
      { status: 416, length: 8, headers: { 'content-range': 'bytes */5' } },
      '<Error/>',
    ]);
    const read = origin.read(
      originRequest('o', { range: 'bytes=9-' }),
      (answer) => answer.bytes(7),
      never,
    );
    await expect(read).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
  });
});
