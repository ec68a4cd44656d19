import { describe, expect, test } from 'vitest';

import { holdsLimits, rulesPut } from './put-limits.ts';

const file = (...rules: readonly object[]) => ({ bucketMirroringConfiguration: rules });
const one = (more: object = {}) => file({ sourceUrl: 'http://www.myweb.com', ...more });
const taking = (...resources: readonly string[]) =>
  file(...resources.map((resource) => ({ sourceUrl: 'http://www.myweb.com', resource })));
const several = (count: number) => taking(...Array.from({ length: count }, (_, at) => `p${at}-*`));
const names = (count: number) => Array.from({ length: count }, (_, at) => `x-${at}`);
const custom = (...list: readonly string[]) =>
  one({ customHeaders: list.map((headerName) => ({ headerName, headerValue: 'v' })) });
const replacing = (prefixReplace: string) =>
  one({ resource: 'abc*', version: 'v2', prefixReplace });

/** Names that B7 lists, and the prefix that it forbids. */
const FORBIDDEN = [
  'Content-Length',
  'Authorization',
  'Range',
  'Date',
  'Content-Md5',
  'Host',
  'x-bce-meta',
];

describe('a PUT of BOS: the rules as a whole', () => {
  holdsLimits('bos', [
    {
      title: 'B3 there are at most twenty rules',
      at: several(20),
      beyond: several(21),
      names: '`bucketMirroringConfiguration`: expected 1 to 20 rules, got 21',
    },
    {
      title: 'B3 there is at least one rule',
      at: several(1),
      beyond: file(),
      names: '`bucketMirroringConfiguration`: expected 1 to 20 rules, got 0',
    },
    {
      title: 'B3 a rule for all files is the only one',
      at: taking('*'),
      beyond: taking('*', 'a*'),
      names: 'include each other',
    },
    {
      title: 'B3 no prefix includes another one; keys in common are told only',
      at: taking('abc*', '*.jpg'),
      beyond: taking('ab*', 'abc*'),
      names: 'include each other',
    },
    {
      title: 'B3 no suffix includes another one',
      at: taking('*.jpg', '*.png'),
      beyond: taking('*.jpg', '*-small.jpg'),
      names: 'include each other',
    },
    {
      title: 'B13 the mode is fetch or redirect',
      at: one({ mode: 'redirect' }),
      beyond: one({ mode: 'both' }),
      names: 'mode: expected fetch or redirect',
    },
    {
      title: 'B15 the prefix of a condition does not end with /',
      at: taking('aa*'),
      beyond: taking('aa/*'),
      names: 'bucketMirroringConfiguration[0]: `resource`: a prefix cannot end with /',
    },
    {
      title: 'B16 a condition has one *',
      at: taking('aa*.jpg'),
      beyond: taking('aa*b*.jpg'),
      names: 'resource: expected at most one *',
    },
  ]);
});

describe('a PUT of BOS: origins, headers and what is stored', () => {
  holdsLimits('bos', [
    {
      title: 'B4 the origin is mandatory',
      at: one(),
      beyond: one({ sourceUrl: undefined }),
      names: '`sourceUrl` is missing',
    },
    {
      title: 'B4 the origin is http, https or a bucket of BOS',
      at: one({ sourceUrl: 'bos://bj.bcebos.com/bucketb' }),
      beyond: one({ sourceUrl: 'ftp://www.myweb.com' }),
      names: 'sourceUrl: expected an address that starts with http:// or https://',
    },
    {
      title: 'an address has at most 1024 characters',
      at: one({ sourceUrl: `http://www.myweb.com/${'a'.repeat(1003)}` }),
      beyond: one({ sourceUrl: `http://www.myweb.com/${'a'.repeat(1004)}` }),
      names: '`sourceUrl` is longer than 1024',
    },
    {
      title: 'what is put in front of keys has at most 1024 characters',
      at: one({ prefix: 'a'.repeat(1023) }),
      beyond: one({ prefix: 'a'.repeat(1025) }),
      names: 'bucketMirroringConfiguration[0]',
    },
    {
      title: 'what is put in front of keys holds no space',
      at: one({ prefix: 'a-b' }),
      beyond: one({ prefix: 'a b' }),
      names: '`prefix` holds a space',
    },
    ...FORBIDDEN.flatMap((name) => [
      {
        title: `B7 ${name} is not passed on`,
        at: one({ passHeaders: ['header1'] }),
        beyond: one({ passHeaders: ['header1', name] }),
        names: 'passHeaders[1]: ',
      },
      {
        title: `B7 ${name} is not set`,
        at: custom('header1'),
        beyond: custom('header1', name),
        names: 'customHeaders[1].headerName: ',
      },
    ]),
    {
      title: 'B19 a replacement names a path',
      at: replacing('123'),
      beyond: replacing('/'),
      names: '`prefixReplace` names no path',
    },
    {
      title: 'B19 a replacement is not blank; empty is how cropping is written',
      at: replacing(''),
      beyond: replacing(' '),
      names: '`prefixReplace` names no path',
    },
    {
      title: 'B21 a fixed name is for redirects',
      at: one({ mode: 'redirect', fixedKey: 'a/404.html' }),
      beyond: one({ mode: 'fetch', fixedKey: 'a/404.html' }),
      names: '`fixedKey` and `mode` fetch contradict each other',
    },
    {
      title: 'B24 a backup is for mirrors',
      at: one({ mode: 'fetch', backSourceUrl: 'http://backup.com' }),
      beyond: one({ mode: 'redirect', backSourceUrl: 'http://backup.com' }),
      names: '`backSourceUrl` and `mode` redirect contradict each other',
    },
    {
      title: 'B27 a storage class is one of those of BOS',
      at: one({ storageClass: 'MAZ_STANDARD_IA' }),
      beyond: one({ storageClass: 'DEEP' }),
      names: '`storageClass`: expected one of STANDARD, ',
    },
    {
      title: 'B28 at most ten headers are passed on',
      at: one({ passHeaders: names(10) }),
      beyond: one({ passHeaders: names(11) }),
      names: '11 headers to pass',
    },
    {
      title: 'B28 at most ten headers are prohibited',
      at: one({ ignoreHeaders: names(10) }),
      beyond: one({ ignoreHeaders: names(11) }),
      names: '11 headers to remove',
    },
    {
      title: 'B28 at most ten headers are set',
      at: custom(...names(10)),
      beyond: custom(...names(11)),
      names: '11 headers to set',
    },
  ]);
});

describe('a PUT of BOS', () => {
  test('what an SDK sends as null or empty is no fault', () => {
    const document = one({
      mode: 'fetch',
      backSourceUrl: '',
      resource: 'abc*',
      prefix: '',
      suffix: '',
      fixedKey: '',
      version: '',
      prefixReplace: '',
      passQuerystring: false,
      storageClass: '',
      customHeaders: null,
      ignoreHeaders: null,
      passHeaders: null,
    });
    expect(rulesPut('bos', document)).toMatchObject([
      { id: 'bos-1', action: 'mirror', match: { keyPrefix: 'abc' } },
    ]);
  });
});
