import { expect, it } from 'vitest';
import { problemsOf } from './rules-of.ts';

const said = (response: string): readonly string[] =>
  problemsOf(
    `rules: [{ id: a, origins: { masters: ["https://o.example/"] }, response: { ${response} } }]`,
  ).map(({ severity, path }) => `${severity} ${path}`);

it.each(['etag', 'last-modified', 'accept-ranges', 'content-range', 'connection'])(
  'a rule can not set %s, which is serve’s to say',
  (name) => {
    expect(said(`setHeaders: { ${name}: x }`)).toEqual([
      `error rules[0].response.setHeaders.${name}`,
    ]);
  },
);

it.each(['etag', 'content-encoding', 'date', 'age', 'set-cookie'])(
  'a rule can not pass %s on from its origin',
  (name) => {
    expect(said(`passHeaders: [x-a, ${name}]`)).toEqual(['error rules[0].response.passHeaders[1]']);
  },
);

it('other headers can be set and passed', () => {
  expect(said('setHeaders: { x-a: b }, passHeaders: [x-b, vary]')).toEqual([]);
});
