import { expect, test } from 'vitest';

import { ossTag } from '../../src/serve/oss-tag.ts';

test.each([
  ['http://a.example/b', 'http%3a%2f%2fa.example%2fb'],
  ['http://a.example/%62%2D_~.', 'http%3a%2f%2fa.example%2fb-_~.'],
  ['a%20b+c', 'a%20b%2bc'],
  ['a%2Fb', 'a%2fb'],
  ['%252F', '%252F'],
  ['%C3%A9é', '%c3%a9%c3%a9'],
  ['%FF', '%ff'],
  ["!'()*", '%21%27%28%29%2a'],
  ['100%', '100%25'],
  ['%zz%2', '%25zz%252'],
  ['a\r\nb', 'a%0d%0ab'],
  ['\u{1f5c4}', '%f0%9f%97%84'],
  ['\ud800', '%ef%bf%bd'],
])('O10 %j is decoded and encoded once, in lower case: %s', (url, encoded) => {
  expect(ossTag(url)).toBe(`MIRROR ${encoded}`);
});
