import { describe, expect, test } from 'vitest';
import { unusableOrigin } from '../../src/rules/unusable-origin.ts';
import { rulesOf } from './rules-of.ts';

const masters = (...urls: readonly string[]): string =>
  `rules: [{ id: one, origins: { masters: ["https://o.example/"], slaves: ${JSON.stringify(urls)} } }]`;

describe('an address that every fetch would be refused at', () => {
  test.each([
    [
      'a private one',
      'http://10.1.2.3/',
      /^rule one, origins\.slaves\[0\]: 10\.1\.2\.3 is a private/,
    ],
    ['a loopback one', 'http://localhost:8080/', /^rule one, origins\.slaves\[0\]: localhost/],
    ['where clouds keep metadata', 'http://169.254.169.254/', /always refused/],
  ])('is %s', (_what, url, expected) => {
    expect(unusableOrigin(rulesOf(masters(url)))).toMatch(expected);
  });

  test('is not a private one where that is allowed; metadata stays refused', () => {
    const allowed = (url: string) =>
      unusableOrigin({ ...rulesOf(masters(url)), allowPrivate: true });
    expect(allowed('http://10.1.2.3/')).toBeUndefined();
    expect(allowed('http://169.254.169.254/')).toMatch('always refused');
  });

  test('is the bucket itself', () => {
    const { rules } = rulesOf(masters('https://media.s3.amazonaws.com/'));
    const { bucket } = rulesOf('rules: []');
    const location = { kind: 's3', bucket: 'media', prefix: '' } as const;
    const file = { ...rulesOf('rules: []'), bucket: { ...bucket, location }, rules };
    expect(unusableOrigin(file)).toMatch(/slaves\[0\]: is the bucket itself/);
  });

  test('is none of the others, nor what is merely doubtful', () => {
    expect(
      unusableOrigin(rulesOf(masters('http://o.example/', 'https://8.8.8.8/'))),
    ).toBeUndefined();
    const doubtful = 'rules: [{ id: a, action: "off" }, { id: b, action: "off" }]';
    expect(unusableOrigin(rulesOf(doubtful))).toBeUndefined();
  });
});
