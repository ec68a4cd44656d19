import { describe, expect, it } from 'vitest';

import { Failure } from '../../src/model/failure.ts';
import { maskedFailure, maskSignatures, SecretMask } from '../../src/s3/mask-secrets.ts';

const KEYS = {
  accessKeyId: 'AKIACANARY0EXAMPLE',
  secretAccessKey: 'wJalr/K7MD+bPx=CANARY',
  sessionToken: 'FwoG//CANARY==token',
};

function known(): SecretMask {
  const secrets = new SecretMask();
  secrets.learn(KEYS);
  return secrets;
}

describe('the keys of a request', () => {
  it.each([
    ['as they are', `key ${KEYS.secretAccessKey} is bad`],
    ['in a URL', `key ${encodeURIComponent(KEYS.secretAccessKey)} is bad`],
    [
      'in a URL in a URL',
      `key ${encodeURIComponent(encodeURIComponent(KEYS.secretAccessKey))} is bad`,
    ],
    ['in HTML, by numbers', 'key wJalr&#x2F;K7MD&#43;bPx&#061;CANARY is bad'],
    ['in JSON', 'key wJalr\\/K7MD\\u002bbPx=CANARY is bad'],
    ['in other case', `key ${KEYS.secretAccessKey.toLowerCase()} is bad`],
    ['the token', `key ${KEYS.sessionToken} is bad`],
    ['the id', `key ${KEYS.accessKeyId} is bad`],
  ])('are masked %s', (_, text) => {
    expect(known().mask(text)).toBe('key *** is bad');
  });

  it('stay masked while requests with them may be under way, after they were renewed', () => {
    const secrets = known();
    secrets.learn({
      accessKeyId: 'AKIANEW',
      secretAccessKey: 'newsecret',
      sessionToken: undefined,
    });
    const text = `${KEYS.secretAccessKey} newsecret ${KEYS.sessionToken}`;
    expect(secrets.mask(text)).toBe('*** *** ***');
  });

  it('are masked as a whole where one is part of another', () => {
    const secrets = new SecretMask();
    secrets.learn({ accessKeyId: 'part', secretAccessKey: 'partlonger', sessionToken: undefined });
    expect(secrets.mask('partlonger')).toBe('***');
  });

  it('take no words apart where they are too short to be keys', () => {
    const secrets = new SecretMask();
    secrets.learn({ accessKeyId: 'a', secretAccessKey: 'up', sessionToken: '' });
    expect(secrets.mask('a cup of tea')).toBe('a cup of tea');
  });
});

describe('what belongs to a signature', () => {
  it.each([
    ['?X-Amz-Signature=abc&x=1', '?X-Amz-Signature=***&x=1'],
    ['X-Amz-Security-Token: abc', 'X-Amz-Security-Token: ***'],
    ['X-Amz-Credential=AKIA%2F2026/us/s3', 'X-Amz-Credential=***'],
    ['X-Amz-Signature%3Dabc', 'X-Amz-Signature%3D***'],
    [
      'Authorization: AWS4-HMAC-SHA256 Credential=AK/2026, SignedHeaders=host, Signature=ff',
      'Authorization: AWS4-HMAC-SHA256 Credential=***, SignedHeaders=host, Signature=***',
    ],
    ['AWSAccessKeyId=AKIA&Signature=abc', 'AWSAccessKeyId=***&Signature=***'],
    ['<AWSAccessKeyId>AKIA</AWSAccessKeyId>', '<AWSAccessKeyId>***</AWSAccessKeyId>'],
    ['&lt;SignatureProvided&gt;abc&lt;/', '&lt;SignatureProvided&gt;***&lt;/'],
    ['{"secretAccessKey": "abc"}', '{"secretAccessKey": "***"}'],
    ['aws_session_token=abc', 'aws_session_token=***'],
    ['Authorization: AWS AKIA:c2ln=', 'Authorization: AWS ***'],
    ['no: StringToSign AWS4 abc\nx-amz-security-token:t', 'no: ***'],
    ['<CanonicalRequest>GET\n/\n', '<***'],
    ['AWS4-HMAC-SHA256\n20261120T040000Z\nscope\nhash', '***'],
    ['The request signature does not match.', 'The request signature does not match.'],
  ])('is masked by its name: %j', (text, masked) => {
    expect(maskSignatures(text)).toBe(masked);
    expect(new SecretMask().mask(text)).toBe(masked);
  });
});

describe('a failure of the network', () => {
  it('that quotes a secret keeps what is decided by, and loses its cause', () => {
    const cause = new Error(KEYS.secretAccessKey);
    const details = { status: 400, retryAfterMs: 5, origin: 'o', cause };
    const failure = new Failure('ORIGIN_UNREACHABLE', `got ${KEYS.secretAccessKey}`, details);
    const masked = maskedFailure(failure, known().mask);
    expect(masked).toMatchObject({
      code: 'ORIGIN_UNREACHABLE',
      message: 'got ***',
      status: 400,
      retryAfterMs: 5,
      origin: 'o',
    });
    expect((masked as Failure).cause).toBeUndefined();
  });

  it('without secrets stays the same, as does what is none', () => {
    const failure = new Failure('ORIGIN_TIMEOUT', 'no answer');
    expect(maskedFailure(failure, known().mask)).toBe(failure);
    expect(maskedFailure('SIGINT', known().mask)).toBe('SIGINT');
  });
});
