import fc from 'fast-check';
import { Parser } from 'htmlparser2';
import { describe, expect, test } from 'vitest';

import { errorAnswer } from '../../src/serve/client/error-answer.ts';
import type { ToldError } from '../../src/serve/client/error-answer.ts';

const told = (changed: Partial<ToldError>): ToldError => ({
  status: 404,
  code: 'NoSuchKey',
  message: 'no such object',
  resource: '/a',
  requestId: 'R1',
  ...changed,
});

const xmlOf = (changed: Partial<ToldError>): string =>
  Buffer.from(errorAnswer('GET', told(changed)).body).toString('utf8');

/** The texts of the elements below the root, by their names. */
function parsed(xml: string): Record<string, string> {
  const texts: Record<string, string> = {};
  let name = 'Error';
  const parser = new Parser(
    {
      onopentag: (tag) => {
        name = tag;
        texts[name] = '';
      },
      onclosetag: () => {
        name = 'Error';
      },
      ontext: (text) => (texts[name] = (texts[name] ?? '') + text),
    },
    { xmlMode: true, decodeEntities: true },
  );
  parser.end(xml);
  delete texts['Error'];
  return texts;
}

test('an error is S3’s XML, which no cache keeps', () => {
  const { status, headers, body } = errorAnswer('GET', told({}));
  const xml =
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<Error><Code>NoSuchKey</Code><Message>no such object</Message>' +
    '<Resource>/a</Resource><RequestId>R1</RequestId></Error>';
  expect(Buffer.from(body).toString()).toBe(xml);
  expect(status).toBe(404);
  expect(headers).toEqual({
    'content-type': 'application/xml',
    'cache-control': 'no-store',
    'content-length': String(xml.length),
    'x-amz-request-id': 'R1',
  });
});

test('the length is that of the bytes', () => {
  const { headers, body } = errorAnswer('GET', told({ resource: '/漢字' }));
  expect(headers['content-length']).toBe(String(body.length));
  expect(Buffer.from(body).toString()).toContain('<Resource>/漢字</Resource>');
});

test('HEAD has the same headers, no length and no body', () => {
  const { 'content-length': length, ...headers } = errorAnswer('GET', told({})).headers;
  expect(length).toBeDefined();
  expect(errorAnswer('HEAD', told({}))).toEqual({ status: 404, headers, body: new Uint8Array() });
});

test('further headers come along, but none in place of the error’s own', () => {
  const headers = { allow: 'GET', 'cache-control': 'max-age=60', 'content-type': 'text/html' };
  expect(errorAnswer('GET', told({ status: 405, headers })).headers).toMatchObject({
    allow: 'GET',
    'cache-control': 'no-store',
    'content-type': 'application/xml',
  });
});

describe('503', () => {
  test.each([
    [undefined, '5'],
    [0, '1'],
    [1, '1'],
    [1001, '2'],
    [30_000, '30'],
    [1e300, '3600'],
    [Infinity, '3600'],
    [-1, '1'],
    [NaN, '5'],
  ])('says when to come back: after %s ms in %s s', (retryAfterMs, seconds) => {
    const { headers } = errorAnswer('GET', told({ status: 503, retryAfterMs }));
    expect(headers['retry-after']).toBe(seconds);
  });

  test('alone says when to come back', () => {
    for (const status of [404, 424, 500, 502]) {
      expect(errorAnswer('GET', told({ status, retryAfterMs: 1000 })).headers).not.toHaveProperty(
        'retry-after',
      );
    }
  });
});

test.each([
  ['<b>&amp;</b>', '&lt;b&gt;&amp;amp;&lt;/b&gt;'],
  ['"it\'s"', '&quot;it&apos;s&quot;'],
  [']]>', ']]&gt;'],
  ['a\r\nb\tc', 'a&#13;\nb\tc'],
  ['\u0000\u0001\u0008\u000b\u000c\u001f', '\ufffd'.repeat(6)],
  ['\ufffe\uffff', '\ufffd\ufffd'],
  ['\u007f\u0085\u2028\ufeff\u{1f5c4}', '\u007f\u0085\u2028\ufeff\u{1f5c4}'],
  ['\ud800', '\ufffd'],
  ['$&$1', '$&amp;$1'],
])('%j stands as %j', (text, escaped) => {
  expect(xmlOf({ resource: text })).toContain(`<Resource>${escaped}</Resource>`);
  expect(xmlOf({ message: text })).toContain(`<Message>${escaped}</Message>`);
});

/** What XML 1.0 can't hold. */
// eslint-disable-next-line no-control-regex
const UNSAYABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

test('whatever the texts are, a parser gives them back', () => {
  const character = fc
    .oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xffff }), fc.nat({ max: 0x10ffff }))
    .map((point) => String.fromCodePoint(point).toWellFormed());
  const text = fc.string({ unit: character, maxLength: 30 });
  fc.assert(
    fc.property(text, text, (message, resource) => {
      const said = (any: string) => any.replaceAll(UNSAYABLE, '\ufffd');
      const xml = xmlOf({ message, resource });
      expect(parsed(xml)).toEqual({
        Code: 'NoSuchKey',
        Message: said(message),
        Resource: said(resource),
        RequestId: 'R1',
      });
    }),
  );
});
