import { get } from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';

import {
  conformanceClient,
  type ConformanceClient,
  type RawRequest,
} from '../contract/s3-conformance-client.ts';
import { loopbackTls } from '../support/loopback-tls.ts';
import { startS3Double, type S3Double, type S3DoubleOptions } from '../support/s3-double.ts';

let close: () => Promise<void> = () => Promise.resolve();

afterEach(async () => {
  await close();
});

async function start(
  options: S3DoubleOptions = {},
): Promise<{ readonly double: S3Double; readonly client: ConformanceClient }> {
  const double = await startS3Double(options);
  const { accessKeyId, secretAccessKey } = double.keys;
  const { endpoint, region } = double;
  const client = conformanceClient({ endpoint, region, accessKeyId, secretAccessKey }, 'bucket');
  close = async () => {
    client.close();
    await double.close();
  };
  return { double, client };
}

const verdict = async (client: ConformanceClient, request: RawRequest): Promise<string> =>
  (await client.ask(request)).verdict;

const PUT: RawRequest = { method: 'PUT', key: 'a', body: 'x' };
const GET: RawRequest = { method: 'GET', key: 'a' };
const HEAD_ABSENT: RawRequest = { method: 'HEAD', key: 'absent' };
const LIST: RawRequest = { method: 'GET', query: { 'list-type': '2' } };
const ANYBODY: Partial<RawRequest> = { unsigned: true };

describe('the double lets in', () => {
  it('temporary keys with their token only', async () => {
    const keys = { accessKeyId: 'temp', secretAccessKey: 's', sessionToken: 'token' };
    const { client } = await start({ keys: [keys] });
    expect(await verdict(client, PUT)).toBe('400 InvalidToken');
    const wrong = { ...PUT, headers: { 'x-amz-security-token': 'other' } };
    expect(await verdict(client, wrong)).toBe('400 InvalidToken');
    const right = { ...PUT, headers: { 'x-amz-security-token': 'token' } };
    expect(await verdict(client, right)).toBe('200');
    const unsigned = { ...PUT, unsignedHeaders: { 'x-amz-security-token': 'token' } };
    expect(await verdict(client, unsigned)).toBe('403 AccessDenied');
  });

  it('no keys that have expired', async () => {
    const keys = { accessKeyId: 'temp', secretAccessKey: 's', expired: true };
    const { client } = await start({ keys: [keys] });
    expect(await verdict(client, PUT)).toBe('400 ExpiredToken');
  });

  it('each keys to what they may do', async () => {
    const may = { accessKeyId: 'k', secretAccessKey: 's' };
    const { client, double } = await start({ keys: [{ ...may, mayWrite: false }] });
    double.bucket('bucket');
    expect(await verdict(client, PUT)).toBe('403 AccessDenied');
    expect(await verdict(client, HEAD_ABSENT)).toBe('404');
    await close();
    const blind = await start({ keys: [{ ...may, mayList: false }] });
    expect(await verdict(blind.client, PUT)).toBe('200');
    expect(await verdict(blind.client, GET)).toBe('200');
    expect(await verdict(blind.client, HEAD_ABSENT)).toBe('403');
    expect(await verdict(blind.client, { ...GET, key: 'absent' })).toBe('403 AccessDenied');
    expect(await verdict(blind.client, LIST)).toBe('403 AccessDenied');
    await close();
    const deaf = await start({ keys: [{ ...may, mayRead: false }] });
    expect(await verdict(deaf.client, PUT)).toBe('200');
    expect(await verdict(deaf.client, GET)).toBe('403 AccessDenied');
  });

  it('anybody to read a public bucket, and to nothing else', async () => {
    const { client } = await start({ buckets: [{ name: 'bucket', publicRead: true }] });
    expect(await verdict(client, PUT)).toBe('200');
    expect(await verdict(client, { ...GET, ...ANYBODY })).toBe('200');
    expect(await verdict(client, { ...LIST, ...ANYBODY })).toBe('200');
    expect(await verdict(client, { ...PUT, ...ANYBODY })).toBe('403 AccessDenied');
    expect(await verdict(client, { ...GET, ...ANYBODY, method: 'DELETE' })).toBe(
      '403 AccessDenied',
    );
  });

  it('those who pay, where the requester pays', async () => {
    const { client } = await start({ buckets: [{ name: 'bucket', requesterPays: true }] });
    expect(await verdict(client, PUT)).toBe('403 AccessDenied');
    const paid = { ...PUT, headers: { 'x-amz-request-payer': 'requester' } };
    expect(await verdict(client, paid)).toBe('200');
  });

  it('only what was signed by its own clock', async () => {
    const { client, double } = await start();
    double.switches.clockOffsetMs = 16 * 60_000;
    const answer = await client.ask(PUT);
    expect(answer.verdict).toBe('403 RequestTimeTooSkewed');
    const told = Date.parse(answer.headers['date'] ?? '');
    expect(told - Date.now()).toBeGreaterThan(15 * 60_000);
    double.switches.clockOffsetMs = -14 * 60_000;
    expect(await verdict(client, PUT)).toBe('200');
  });

  it('only what was signed for the region of the bucket, which it tells', async () => {
    const { client } = await start({
      buckets: [
        { name: 'bucket', region: 'eu-west-1' },
        { name: 'moved', region: 'eu-west-1', wrongRegion: 'PermanentRedirect' },
      ],
    });
    const wrong = await client.ask(PUT);
    expect(wrong.verdict).toBe('400 AuthorizationHeaderMalformed');
    expect(wrong.text).toContain('<Region>eu-west-1</Region>');
    const moved = await client.ask({ ...PUT, bucket: 'moved' });
    expect(moved.verdict).toBe('301 PermanentRedirect');
    expect(moved.headers['x-amz-bucket-region']).toBe('eu-west-1');
    expect(await verdict(client, { ...PUT, region: 'eu-west-1' })).toBe('200');
  });

  it('UNSIGNED-PAYLOAD without TLS where that is switched on', async () => {
    const { client } = await start({ switches: { unsignedPayloadOverHttp: true } });
    expect(await verdict(client, { ...PUT, payloadHash: 'UNSIGNED-PAYLOAD' })).toBe('200');
  });

  it('requests of virtual-host style', async () => {
    const { client, double } = await start();
    const host = { host: `bucket.localhost:${String(double.port)}` };
    // What path style has for a bucket is the first part of the key here.
    const put = { method: 'PUT', bucket: 'folder', key: 'a', body: 'x', headers: host };
    expect(await verdict(client, put)).toBe('200');
    expect(double.bucket('bucket').keys()).toEqual(['folder/a']);
  });

  it('requests over TLS', async () => {
    const { ca, server } = loopbackTls();
    const { double } = await start({
      tls: server,
      buckets: [{ name: 'bucket', publicRead: true }],
    });
    const asked = get(`${double.endpoint}/bucket/absent`, { ca, agent: false });
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    expect(answer.statusCode).toBe(404);
    expect(double.asked('GetObject')).toHaveLength(1);
  });
});

describe('the log of the double', () => {
  it('has every request with what it was and how it was answered', async () => {
    const { client, double } = await start();
    await client.ask({ ...PUT, key: 'a//b +' });
    await client.ask({ method: 'GET', key: 'absent' });
    await client.ask({ method: 'PUT', key: 'a', query: { acl: '' }, body: '' });
    expect(double.requests).toMatchObject([
      { operation: 'PutObject', key: 'a//b +', path: '/bucket/a//b%20%2B', bodyBytes: 1 },
      { operation: 'GetObject', key: 'absent', bucket: 'bucket', status: 404 },
      { operation: undefined, path: '/bucket/a?acl=', status: 501 },
    ]);
    expect(double.requests[0]?.headers['content-length']).toBe('1');
  });
});
