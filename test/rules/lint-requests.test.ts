import { describe, expect, it } from 'vitest';

import { parseRules } from '../../src/rules/parse-rules.ts';
import { problemsOf } from './rules-of.ts';

const MASTER = 'origins: { masters: ["https://o.example/"] }';

/** `lint path: message` of every warning. */
function lints(fields: string, bucket = 'url: "file:./bucket"'): string[] {
  const text = `version: 1\nbucket: { ${bucket} }\nrules: [{ id: a, ${fields} }]`;
  const { rules, problems } = parseRules(text, 'rules.yaml');
  expect(rules).toBeDefined();
  return problems.map(({ lint, path, message }) => `${lint ?? ''} ${path}: ${message}`);
}

describe('what a client can do to what is stored', () => {
  it.each([
    ['passQuery: true', 'passQuery', 'query'],
    ['headers: { passAll: true }', 'passAll', 'headers'],
    ['headers: { pass: [x-a, x-b] }', 'headers.pass', '`x-a`, `x-b`'],
  ])('%s with variants any lets the first client poison the key', (request, field, what) => {
    const fields = `request: { ${request} }, store: { variants: any }, ${MASTER}`;
    expect(lints(fields)).toEqual([
      `poisoning rules[0].store.variants: any with ${field}: the first client's ${what} decides what every other gets under the key; plain does not store such answers`,
    ]);
  });

  it.each([
    ['passQuery: true', 'passQuery', 'query'],
    ['headers: { passAll: true, pass: [cookie] }', 'headers.passAll', 'headers'],
    ['headers: { pass: [x-a] }', 'headers.pass', '`x-a`'],
  ])('%s with variants plain stores nothing of such a request', (request, field, what) => {
    expect(lints(`request: { ${request} }, ${MASTER}`)).toEqual([
      `variants rules[0].request.${field}: a request whose ${what} is passed on is served, not stored (store.variants: plain)`,
    ]);
  });

  it('variants any without anything passed on has no effect', () => {
    expect(lints(`store: { variants: any }, ${MASTER}`)).toEqual([
      "no-effect rules[0].store.variants: has no effect: nothing of a client's request is passed on",
    ]);
  });

  it('a rule that stores nothing has nothing to poison', () => {
    expect(lints(`action: proxy, request: { passQuery: true }, ${MASTER}`)).toEqual([]);
  });
});

describe('redirects', () => {
  const referer = (more: string) =>
    lints(`request: { headers: { set: { Referer: "https://me.example/" } }${more} }, ${MASTER}`);

  it('H29 a Referer that redirected hops overwrite is pointed out', () => {
    expect(referer(', refererOnRedirect: true')).toEqual([
      'referer-overwritten rules[0].request.refererOnRedirect: overwrites the Referer of request.headers.set on redirected hops; false leaves it as set',
    ]);
    expect(referer('')).toEqual([]);
    expect(referer(', refererOnRedirect: true, followRedirects: false')).toEqual([]);
    expect(lints(`request: { refererOnRedirect: true }, ${MASTER}`)).toEqual([]);
  });

  it.each(['action: redirect', 'action: redirectAndFetch', 'afterMiss: redirect'])(
    '%s cannot lead to an S3 address',
    (action) => {
      const to = (masters: string) => lints(`${action}, origins: { masters: [${masters}] }`);
      expect(to('"s3://old-bucket/", "https://o.example/"')).toEqual([
        'redirect-target rules[0].origins.masters[0]: clients cannot be redirected to an s3:// address; put an http(s) one first',
      ]);
      expect(to('"https://o.example/", "s3://old-bucket/"')).toEqual([]);
    },
  );

  it('a 404 to pass on is of no use where afterMiss decides', () => {
    const fields = (afterMiss: string) =>
      lints(`response: { passStatuses: [410, 404] }, afterMiss: ${afterMiss}, ${MASTER}`);
    expect(fields('redirect')).toEqual([
      'no-effect rules[0].response.passStatuses: 404 has no effect: afterMiss: redirect decides what follows it',
    ]);
    expect(fields('none')).toEqual([]);
  });
});

describe('an origin that is the bucket itself', () => {
  const is = (origin: string, bucket: string, fields = '') =>
    lints(`${fields}origins: { masters: [${origin}] }`, bucket).some((line) =>
      line.startsWith('origin-is-bucket rules[0].origins.masters[0]: is the bucket itself'),
    );
  const AWS = 'url: s3://media/p/';
  const OWN = 'url: s3://media, endpoint: "https://s3.example.net"';

  it.each([
    ['"s3://media/p/"', AWS, true],
    ['"s3://media/p"', AWS, true],
    ['"s3://media/"', AWS, false],
    ['"s3://other/p/"', AWS, false],
    ['{ url: "s3://media/p/", endpoint: "https://s3.eu-west-1.amazonaws.com" }', AWS, true],
    ['{ url: "s3://media/p/", endpoint: "https://s3.example.net" }', AWS, false],
    ['"https://media.s3.amazonaws.com/p/"', AWS, true],
    ['"https://media.s3-website-eu-west-1.amazonaws.com/p"', AWS, true],
    ['"https://s3.eu-west-1.amazonaws.com/media/p/"', AWS, true],
    ['"https://s3.amazonaws.com/media/"', AWS, false],
    ['"https://media.example/p/"', AWS, false],
    ['{ url: "s3://media/", endpoint: "https://S3.example.net:443" }', OWN, true],
    ['"s3://media/"', OWN, false],
    ['"https://s3.example.net/media"', OWN, true],
    ['"https://s3.example.net/media2/"', OWN, false],
    ['"https://s3.example.net/"', OWN, false],
    ['"https://media.s3.example.net"', OWN, true],
    ['"https://s3.example.net:9000/media/"', OWN, false],
    ['{ env: URL }', OWN, false],
    ['"https://s3.example.net/media/"', 'url: "file:./media"', false],
  ])('%s and the bucket { %s }: %s', (origin, bucket, expected) => {
    expect(is(origin, bucket)).toBe(expected);
  });

  it.each(['key: { addPrefix: old/ }, ', 'match: { keyPrefix: a/ }, key: { replacePrefix: "" }, '])(
    'may be one where the rule has %sfor then other objects are meant',
    (fields) => {
      expect(is('"s3://media/p/"', AWS, fields)).toBe(false);
    },
  );
});

it('every lint of a rule stands where its field was written', () => {
  const problems = problemsOf(
    `rules:\n  - id: a\n    ${MASTER}\n    request:\n      passQuery: true\n      refererOnRedirect: true\n      headers: { set: { referer: x } }`,
  );
  const lines = problems
    .filter(({ lint }) => lint === 'variants' || lint === 'referer-overwritten')
    .map(({ line, column }) => `${line}:${column}`);
  expect(lines).toEqual(['7:18', '8:26']);
});

it('an x-oss-tag of nothing has no effect', () => {
  const fields = `response: { ossTag: true }, store: { originValidators: false }, ${MASTER}`;
  expect(lints(fields)).toEqual([
    'no-effect rules[0].response.ossTag: has no effect: the URL that it tells is kept by store.originValidators only',
  ]);
});
