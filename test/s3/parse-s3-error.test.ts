import { describe, expect, it } from 'vitest';

import type { Headers } from '../../src/model/ports.ts';
import { errorInSuccess, parseS3Error } from '../../src/s3/parse-s3-error.ts';
import type { S3Error } from '../../src/s3/s3-error.ts';
import { errorXml } from './store-under-test.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 4);

const parsed = (status: number, body = '', headers: Headers = {}): S3Error =>
  parseS3Error({ status, headers }, Buffer.from(body), NOW_MS, 2);

describe("a store's refusal", () => {
  it('is read from its XML and its head', () => {
    const headers = {
      'x-amz-request-id': 'A',
      'x-amz-id-2': 'B',
      'retry-after': '7',
      date: 'Fri, 20 Nov 2026 05:00:00 GMT',
    };
    expect(parsed(503, errorXml('SlowDown'), headers)).toMatchObject({
      code: 'SlowDown',
      status: 503,
      said: 'told so',
      requestId: 'A B',
      retryAfterMs: 7000,
      attempts: 2,
      serverTimeMs: Date.UTC(2026, 10, 20, 5),
    });
  });

  it.each([
    [301, 'PermanentRedirect'],
    [307, 'TemporaryRedirect'],
    [400, 'BadRequest'],
    [403, 'AccessDenied'],
    [404, 'NotFound'],
    [405, 'MethodNotAllowed'],
    [411, 'MissingContentLength'],
    [412, 'PreconditionFailed'],
    [413, 'EntityTooLarge'],
    [416, 'InvalidRange'],
    [429, 'TooManyRequests'],
    [500, 'InternalError'],
    [501, 'NotImplemented'],
    [503, 'ServiceUnavailable'],
    [522, 'ServerError'],
    [418, 'UnexpectedStatus'],
  ])('without a body is told by its status: %d is %s', (status, code) => {
    expect(parsed(status)).toMatchObject({ code, said: '' });
  });

  it('without a body may tell its code in the head', () => {
    expect(parsed(404, '', { 'x-minio-error-code': 'NoSuchBucket' }).code).toBe('NoSuchBucket');
  });

  it.each([
    ['x-amz-bucket-region', '', { 'x-amz-bucket-region': 'eu-west-3' }],
    ['its body', errorXml('AuthorizationHeaderMalformed', '<Region>eu-west-3</Region>'), {}],
  ])('tells the region in %s', (_, body, headers) => {
    expect(parsed(400, body, headers as Headers).region).toBe('eu-west-3');
  });

  it.each([
    [errorXml('PermanentRedirect', '<Endpoint>b.s3.example</Endpoint>'), {}],
    ['', { location: 'https://b.s3.example/k' }],
  ])('tells another endpoint', (body, headers) => {
    expect(parsed(301, body, headers as Headers).endpoint).toBe('b.s3.example');
  });

  it.each([
    ['with a code twice', '<Error><Code>A</Code><Code>B</Code></Error>', 'A', ''],
    ['cut off', '<Error><Code>NoSuchKey</Code><Mess', 'NoSuchKey', ''],
    [
      'wrapped and namespaced',
      '<e:ErrorResponse><e:Error><e:Code>A</e:Code><e:Message>m</e:Message></e:Error></e:ErrorResponse>',
      'A',
      'm',
    ],
    [
      'with entities and CDATA',
      '<Error><Code>A</Code><Message>&lt;b&gt; &amp;amp; &#x41;&#66; <![CDATA[<&lt;>]]></Message></Error>',
      'A',
      '<b> &amp; AB <&lt;>',
    ],
    [
      'with line breaks and escapes for terminals',
      '<Error><Code>A</Code><Message>a\n\u001b[31mb&#x7;</Message></Error>',
      'A',
      'a [31mb',
    ],
    [
      'about an argument',
      '<Error><Code>InvalidArgument</Code><Message>no</Message><ArgumentName>x-amz-acl</ArgumentName></Error>',
      'InvalidArgument',
      'no (x-amz-acl)',
    ],
    [
      'of another kind',
      '<List><Code>A</Code></List>',
      'BadGateway',
      'no S3 error but something else',
    ],
    [
      "a proxy's page",
      '<html><head><title>502 Bad\nGateway</title></head><body>x<br></html>',
      'BadGateway',
      'no S3 error but "502 Bad Gateway"',
    ],
    ['plain text', 'upstream gone', 'BadGateway', 'no S3 error but "upstream gone"'],
  ])('%s is read as far as it goes', (_, body, code, said) => {
    expect(parsed(502, body)).toMatchObject({ code, said });
  });

  it('of a long message is shown in part', () => {
    const { said } = parsed(400, `<Error><Message>${'x'.repeat(5000)}</Message></Error>`);
    expect(said.length).toBe(401);
  });

  it('in an answer with status 200 counts as status 500', () => {
    const body = Buffer.from(errorXml('InternalError'));
    expect(errorInSuccess({}, body, NOW_MS, 1)).toMatchObject({
      code: 'InternalError',
      status: 500,
    });
    const fine = Buffer.from(
      '<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>',
    );
    expect(errorInSuccess({}, fine, NOW_MS, 1)).toBeUndefined();
  });
});
