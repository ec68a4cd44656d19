import { expect, test } from 'vitest';

import { passedAnswerHeaders } from '../../src/serve/passed-answer-headers.ts';

const ANSWER = {
  'content-type': 'text/html',
  'x-a': '\u00e9',
  'x-b': '2',
  vary: 'accept',
  connection: 'x-b',
};

test('of an origin’s answer a client gets the headers that are named, byte for byte', () => {
  expect(passedAnswerHeaders(['x-a', 'vary', 'x-absent'], ANSWER)).toEqual({
    'x-a': '\u00e9',
    vary: 'accept',
  });
  expect(passedAnswerHeaders([], ANSWER)).toEqual({});
});

test.each([
  ...['accept-ranges', 'age', 'content-encoding', 'content-range', 'content-length', 'date'],
  ...['etag', 'last-modified', 'set-cookie', 'set-cookie2', 'connection', 'transfer-encoding'],
])('never %s', (name) => {
  expect(passedAnswerHeaders([name], { [name]: 'x' })).toEqual({});
});

test('never one that belongs to the connection because the origin says so', () => {
  expect(passedAnswerHeaders(['x-b'], ANSWER)).toEqual({});
});

test('never one that could not be sent', () => {
  expect(passedAnswerHeaders(['x-a'], { 'x-a': 'a\r\nx-evil: 1' })).toEqual({});
});
