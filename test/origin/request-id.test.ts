import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requestIdOf } from '../../src/origin/request-id.ts';
import { nameFailure } from '../../src/origin/name-failure.ts';
import { Failure } from '../../src/model/failure.ts';
import { originRequest } from '../contract/origin-contract.ts';
import { testOrigin } from '../support/fault-origin-adapter.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';

let server: FaultOrigin;
beforeEach(async () => {
  server = await faultOrigin();
});
afterEach(() => server.close());

describe('the id of a request', () => {
  it.each([
    'x-amz-request-id',
    'x-request-id',
    'x-oss-request-id',
    'x-obs-request-id',
    'x-bce-request-id',
    'x-reqid',
    'cf-ray',
    'x-cos-request-id',
    'x-tos-request-id',
  ])('is read from %s', (name) => {
    expect(requestIdOf({ server: 'x', [name]: '7d1a-FRA' })).toBe('7d1a-FRA');
  });

  it.each([
    ['is empty', ''],
    ['could not stand in a line', 'a\u001b[2Jb'],
    ['holds a space', 'a b'],
    ['is no ASCII', '\u00e9'],
    ['is longer than any real one', 'x'.repeat(129)],
  ])('is none where it %s', (_, value) => {
    expect(requestIdOf({ 'x-request-id': value })).toBeUndefined();
  });

  it("of the store comes before that of the proxy before it, and a bad one doesn't hide a good one", () => {
    expect(requestIdOf({ 'cf-ray': 'ray', 'x-amz-request-id': 'store' })).toBe('store');
    expect(requestIdOf({ 'cf-ray': 'ray', 'x-amz-request-id': '' })).toBe('ray');
  });

  it.each([404, 403, 503])('comes with the failure by a status %i', async (status) => {
    server.script('/o', { status, headers: { 'x-oss-request-id': '5C3D' }, body: 'page' });
    const origin = testOrigin(`${server.url}/`);
    const signal = new AbortController().signal;
    const read = origin.read(originRequest('o'), () => Promise.resolve(''), signal);
    await expect(read).rejects.toMatchObject({ status, requestId: '5C3D', origin: origin.name });
    await origin.close();
  });

  it('stays with a failure that is given the name of its address', () => {
    const failure = new Failure('ORIGIN_STATUS', 'refused', { status: 403, requestId: 'r' });
    expect(nameFailure(failure, 'https://o.example/')).toMatchObject({
      origin: 'https://o.example/',
      requestId: 'r',
    });
  });
});
