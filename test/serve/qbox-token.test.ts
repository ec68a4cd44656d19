import { describe, expect, test } from 'vitest';
import {
  bearsQboxToken,
  type QboxRequest,
  qboxToken,
  signQbox,
} from '../../src/serve/prefetch/qbox-token.ts';

const KEYS = { accessKey: 'MY_ACCESS_KEY', secretKey: 'MY_SECRET_KEY' };
const SHORT = { accessKey: 'ak', secretKey: 'sk' };
const FORM = 'application/x-www-form-urlencoded';

function requestOf(path: string, changed: Partial<QboxRequest> = {}): QboxRequest {
  return { path, rawQuery: '', contentType: undefined, body: new Uint8Array(0), ...changed };
}

describe('a QBox token', () => {
  test.each([
    ['hello', 'ak:NDN8cM0rwosxhHJ6QAcI7ialr0g='],
    ['\n', 'ak:qfWnqF1E_vfzjZnReCVkcSMl29M='],
  ])('K3 of the bytes %j is the one that the vendor publishes', (text, expected) => {
    expect(signQbox(SHORT, Buffer.from(text))).toBe(expected);
  });

  test.each([
    [
      '/move/bmV3ZG9jczpmaW5kX21hbi50eHQ=/bmV3ZG9jczpmaW5kLm1hbi50eHQ=',
      'MY_ACCESS_KEY:FXsYh0wKHYPEsIAgdPD9OfjkeEM=',
    ],
    ['/prefetch/bmV3ZG9jczpmaW5kLm1hbi50eHQ=', 'MY_ACCESS_KEY:j4osfqjd5GB4j-5OBEfDve_IMjo='],
  ])('K3 of %s is the one that the vendor publishes', (path, expected) => {
    expect(qboxToken(KEYS, requestOf(path))).toBe(expected);
    expect(bearsQboxToken(KEYS, `QBox ${expected}`, requestOf(path))).toBe(true);
  });

  test('is of the query as it came, and of a body that is a form', () => {
    const body = Buffer.from('a=1');
    const sign = (text: string) => signQbox(KEYS, Buffer.from(text));
    expect(qboxToken(KEYS, requestOf('/p', { rawQuery: 'a=%2f&b' }))).toBe(sign('/p?a=%2f&b\n'));
    expect(qboxToken(KEYS, requestOf('/p', { body }))).toBe(sign('/p\n'));
    for (const contentType of [FORM, `${FORM}; charset=utf-8`, FORM.toUpperCase()]) {
      expect(qboxToken(KEYS, requestOf('/p', { contentType, body }))).toBe(sign('/p\na=1'));
    }
    const contentType = 'application/json';
    expect(qboxToken(KEYS, requestOf('/p', { contentType, body }))).toBe(sign('/p\n'));
  });

  test.each([
    undefined,
    '',
    'QBox',
    'QBox ',
    'QBox MY_ACCESS_KEY:',
    'qbox MY_ACCESS_KEY:j4osfqjd5GB4j-5OBEfDve_IMjo=',
    'QBox MY_ACCESS_KEY:j4osfqjd5GB4j-5OBEfDve_IMjo',
    'QBox MY_ACCESS_KEY:j4osfqjd5GB4j+5OBEfDve/IMjo=',
    'QBox j4osfqjd5GB4j-5OBEfDve_IMjo=',
    'QBox MY_ACCESS_KEY:j4osfqjd5GB4j-5OBEfDve_IMjo= x',
    'QBox\tMY_ACCESS_KEY:j4osfqjd5GB4j-5OBEfDve_IMjo=',
  ])('is not %j', (authorization) => {
    const request = requestOf('/prefetch/bmV3ZG9jczpmaW5kLm1hbi50eHQ=');
    expect(bearsQboxToken(KEYS, authorization, request)).toBe(false);
  });
});
