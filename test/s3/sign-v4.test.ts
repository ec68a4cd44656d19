import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import type { Headers } from '../../src/model/ports.ts';
import { canonicalQuery, encodeKey, type QueryPair } from '../../src/s3/encode-uri.ts';
import type { AccessKeys } from '../../src/s3/s3-store.ts';
import { EMPTY_PAYLOAD, UNSIGNED_PAYLOAD, v4Signer } from '../../src/s3/sign-v4.ts';

const EXAMPLE_KEYS: AccessKeys = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: undefined,
};
const EXAMPLE_TIME = Date.UTC(2013, 4, 24);

describe('the signer', () => {
  // Amazon S3 API Reference, "Signature Calculations for the Authorization Header", examples.
  it.each<[string, string, string, QueryPair[], Headers, string, string]>([
    [
      'GET object',
      'GET',
      'test.txt',
      [],
      { range: 'bytes=0-9' },
      EMPTY_PAYLOAD,
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'PUT object',
      'PUT',
      'test$file.text',
      [],
      { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      createHash('sha256').update('Welcome to Amazon S3.').digest('hex'),
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'GET bucket lifecycle',
      'GET',
      '',
      [['lifecycle', '']],
      {},
      EMPTY_PAYLOAD,
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'GET bucket (list objects)',
      'GET',
      '',
      [
        ['prefix', 'J'],
        ['max-keys', '2'],
      ],
      {},
      EMPTY_PAYLOAD,
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])("agrees with AWS's documented example: %s", (...example) => {
    const [, method, key, query, headers, payloadHash, signature] = example;
    const signed = v4Signer()(
      {
        method,
        path: `/${encodeKey(key)}`,
        query: canonicalQuery(query),
        host: 'examplebucket.s3.amazonaws.com',
        headers,
        payloadHash,
      },
      { keys: EXAMPLE_KEYS, region: 'us-east-1', nowMs: EXAMPLE_TIME },
    );
    expect(signed['authorization']).toContain(`Signature=${signature}`);
  });

  const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((one) => one.isWellFormed());
  const odd = fc.constantFrom('a b', '+', '%2F', '//', './a', '../b', "!'()*", '~', 'ä', '\u0001');
  const key = fc
    .array(fc.oneof(text, odd), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'));
  // The oracle has the query in an object and loses a name that objects take for their own.
  const name = fc
    .oneof(text, odd, fc.constantFrom('a', 'a-b', 'partNumber'))
    .filter((one) => one !== '__proto__');
  const query = fc.dictionary(name, fc.oneof(text, odd), { maxKeys: 4 });
  const headerValue = fc.string({
    unit: fc.constantFrom(...Array.from(' \tabcXYZ019!"#%&()*,-./:;=?@[]^_{|}~')),
    maxLength: 20,
  });
  const headers = fc.dictionary(
    fc.constantFrom('content-type', 'x-amz-meta-a', 'x-amz-meta-a-b', 'x-amz-tagging', 'if-match'),
    headerValue,
  );

  it('agrees with @smithy/signature-v4 about any key, query, headers, token and time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE'),
        key,
        query,
        headers,
        fc.option(fc.constantFrom('token/+=', 't'), { nil: undefined }),
        fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
        fc.constantFrom(UNSIGNED_PAYLOAD, EMPTY_PAYLOAD),
        async (method, oddKey, pairs, fields, sessionToken, date, payloadHash) => {
          const keys = { ...EXAMPLE_KEYS, sessionToken };
          const path = `/bucket/${encodeKey(oddKey)}`;
          const host = 's3.example:9000';
          const own = v4Signer()(
            {
              method,
              path,
              query: canonicalQuery(Object.entries(pairs)),
              host,
              headers: fields,
              payloadHash,
            },
            { keys, region: 'eu-west-3', nowMs: date.getTime() },
          );
          expect(own['authorization']).toBe(
            await oracle(
              method,
              path,
              pairs,
              { ...fields, host, 'x-amz-content-sha256': payloadHash },
              keys,
              date,
            ),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('derives its key anew for another secret, day or region', () => {
    const sign = v4Signer();
    const request = {
      method: 'GET',
      path: '/k',
      query: '',
      host: 'h',
      headers: {},
      payloadHash: EMPTY_PAYLOAD,
    };
    const contexts = [
      { keys: EXAMPLE_KEYS, region: 'a', nowMs: EXAMPLE_TIME },
      { keys: { ...EXAMPLE_KEYS, secretAccessKey: 'other' }, region: 'a', nowMs: EXAMPLE_TIME },
      { keys: EXAMPLE_KEYS, region: 'b', nowMs: EXAMPLE_TIME },
      { keys: EXAMPLE_KEYS, region: 'b', nowMs: EXAMPLE_TIME + 86_400_000 },
    ];
    for (const context of [...contexts, ...contexts]) {
      expect(sign(request, context)).toEqual(v4Signer()(request, context));
    }
  });

  it('gives the fields of the request with those of the signature, and leaves the request be', () => {
    const headers = { 'content-type': 'text/plain', range: 'bytes=0-9' };
    const request = { method: 'GET', path: '/k', query: '', host: 'h', headers };
    const keys = { ...EXAMPLE_KEYS, sessionToken: 't' };
    const fields = v4Signer()(
      { ...request, payloadHash: EMPTY_PAYLOAD },
      { keys, region: 'a', nowMs: EXAMPLE_TIME },
    );
    expect(fields).toEqual({
      'content-type': 'text/plain',
      range: 'bytes=0-9',
      'x-amz-content-sha256': EMPTY_PAYLOAD,
      'x-amz-date': '20130524T000000Z',
      'x-amz-security-token': 't',
      authorization: expect.stringContaining(
        'SignedHeaders=content-type;host;range;x-amz-content-sha256;x-amz-date;x-amz-security-token, ',
      ) as unknown,
    });
    expect(headers).toEqual({ 'content-type': 'text/plain', range: 'bytes=0-9' });
  });

  it('signs requests of many kinds in turn, each by its own names', () => {
    const sign = v4Signer();
    const context = { keys: EXAMPLE_KEYS, region: 'a', nowMs: EXAMPLE_TIME };
    const kinds = Array.from({ length: 12 }, (_, kind) => ({
      method: 'GET',
      path: '/k',
      query: '',
      host: 'h',
      headers: Object.fromEntries(
        Array.from({ length: kind }, (__, n) => [`x-amz-meta-${n}`, 'v']),
      ),
      payloadHash: EMPTY_PAYLOAD,
    }));
    for (const request of [...kinds, ...kinds.toReversed()]) {
      expect(sign(request, context)).toEqual(v4Signer()(request, context));
    }
  });

  it('signs header values as the bytes that go on the wire, which are Latin-1', () => {
    // "\u00c3\u00a4" are the two bytes of ä in UTF-8; the store hashes just these.
    const headers = { 'x-amz-meta-a': '\u00c3\u00a4\u00a0' };
    const [, signature] =
      /Signature=(.*)/.exec(
        v4Signer()(
          { method: 'GET', path: '/', query: '', host: 'h', headers, payloadHash: EMPTY_PAYLOAD },
          { keys: EXAMPLE_KEYS, region: 'us-east-1', nowMs: EXAMPLE_TIME },
        )['authorization'] ?? '',
      ) ?? [];
    // By Python's hmac, over the same bytes.
    expect(signature).toBe('4a559bfc42a28102b82ff4fd87ae2c742d53f99b4d564cc602b4ad89445db93b');
  });
});

async function oracle(
  method: string,
  path: string,
  query: Record<string, string>,
  headers: Record<string, string>,
  keys: AccessKeys,
  signingDate: Date,
): Promise<string | undefined> {
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const signer = new SignatureV4({
    service: 's3',
    region: 'eu-west-3',
    credentials: {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const request = { method, protocol: 'https:', hostname: 's3.example', path, query, headers };
  // Left to itself it leaves out what proxies may change; everything we send is signed.
  const signableHeaders = new Set(Object.keys(headers));
  const signed = await signer.sign(request, { signingDate, signableHeaders });
  return signed.headers['authorization'];
}
