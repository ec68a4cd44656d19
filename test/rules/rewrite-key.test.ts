import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { objectKey } from '../../src/model/object-key.ts';
import { originUrl } from '../../src/rules/origin-url.ts';
import { rewriteKey } from '../../src/rules/rewrite-key.ts';
import { ruleOf } from './rules-of.ts';

function urlOf(fields: string, key: string, base = 'http://www.myweb.com'): string {
  const rule = ruleOf(fields);
  return originUrl(base, rewriteKey(rule, objectKey(key)), rule.key, '');
}

describe('what the seeds say of rewriting', () => {
  it.each([
    [
      'Q12 exactly one / stands between base and key',
      '',
      'a.png',
      'http://h/image',
      'http://h/image/a.png',
    ],
    [
      'Q12 a base with its / gets no second one',
      '',
      'a.png',
      'http://h/image/',
      'http://h/image/a.png',
    ],
    [
      'Q12 raw joins without a /',
      'key: { slashes: raw }',
      'a.png',
      'http://h/image',
      'http://h/imagea.png',
    ],
    ['Q12 a key’s own leading / stays', '', '/a', 'http://h', 'http://h//a'],
    [
      'Q15 an explicit default port is kept',
      '',
      'a',
      'http://example.com:80/image/',
      'http://example.com:80/image/a',
    ],
    [
      'H30 a template puts text around the key',
      'key: { template: "prefix${key}suffix" }',
      'a',
      'http://h/',
      'http://h/prefixasuffix',
    ],
    [
      'H30 ${key} alone changes nothing',
      'key: { template: "${key}" }',
      'a/b',
      'http://h/',
      'http://h/a/b',
    ],
    [
      'H31 the matched prefix is replaced',
      'match: { keyPrefix: video/ }, key: { replacePrefix: picture/ }',
      'video/a',
      'http://h/',
      'http://h/picture/a',
    ],
    [
      'H33 an empty replacement strips the prefix',
      'match: { keyPrefix: video/ }, key: { replacePrefix: "" }',
      'video/a',
      'http://h/',
      'http://h/a',
    ],
    ['O4 the origin URL is the base and the object', '', 'a', 'http://h', 'http://h/a'],
    [
      'O5 the whole key is asked for',
      '',
      'image/example_object.jpg',
      'http://www.example-domain.com/',
      'http://www.example-domain.com/image/example_object.jpg',
    ],
    [
      'O6 a base path maps one directory',
      '',
      'image/example_object.jpg',
      'http://www.example-domain.com/dir1/',
      'http://www.example-domain.com/dir1/image/example_object.jpg',
    ],
    [
      'B8 stored name and origin name are the same',
      '',
      'myobject.docx',
      'http://huiyuan.com',
      'http://huiyuan.com/myobject.docx',
    ],
    [
      'B15 a prefix is a plain string match',
      'match: { keyPrefix: aa }',
      'aab.jpg',
      'http://h',
      'http://h/aab.jpg',
    ],
    [
      'B18 crop keeps one /',
      'match: { keyPrefix: abc/def }, key: { replacePrefix: "" }',
      'abc/def/myobject.docx',
      'http://o',
      'http://o/myobject.docx',
    ],
    [
      'B19 a replacement keeps the / after it',
      'match: { keyPrefix: abc/def }, key: { replacePrefix: "123" }',
      'abc/def/myobject.docx',
      'http://o',
      'http://o/123/myobject.docx',
    ],
    [
      'B21 a fixed name takes every key',
      'action: redirect, key: { fixed: 404.jpg }',
      'any/key',
      'http://o',
      'http://o/404.jpg',
    ],
    [
      'B22 an address prefix goes in front',
      'key: { addPrefix: test/ }',
      'objectname.doc',
      'http://o',
      'http://o/test/objectname.doc',
    ],
    [
      'B23 an address suffix replaces the extension',
      'key: { replaceSuffix: { to: .doc } }',
      'myobject.docx',
      'http://o',
      'http://o/myobject.doc',
    ],
    [
      'B23 a name without a dot gets it appended',
      'key: { replaceSuffix: { to: .doc } }',
      'v1.2/myobject',
      'http://o',
      'http://o/v1.2/myobject.doc',
    ],
    [
      'B23 addSuffix appends always',
      'key: { addSuffix: .doc }',
      'objectname.doc',
      'http://o',
      'http://o/objectname.doc.doc',
    ],
    [
      'B29 a condition alone never rewrites',
      'match: { keyPrefix: abc }',
      'abc/myobject.docx',
      'http://o',
      'http://o/abc/myobject.docx',
    ],
    [
      'B30 a longer condition does not either',
      'match: { keyPrefix: abc/aa }',
      'abc/aa/myobject.docx',
      'http://o',
      'http://o/abc/aa/myobject.docx',
    ],
    [
      'B31 prefix and suffix are replaced together',
      'match: { keyPrefix: abc }, key: { replacePrefix: tihuan/edf, replaceSuffix: { to: .doc } }',
      'abc/myobject.docx',
      undefined,
      'http://www.myweb.com/tihuan/edf/myobject.doc',
    ],
    [
      'B32 crop and a prefix do not double the /',
      'match: { keyPrefix: abc/aa }, key: { replacePrefix: "", addPrefix: qianzhui/ }',
      'abc/aa/myobject.docx',
      undefined,
      'http://www.myweb.com/qianzhui/myobject.docx',
    ],
    [
      'B33 all files below a prefix',
      'key: { addPrefix: myobject/ }',
      'x/y',
      'http://myweb.com',
      'http://myweb.com/myobject/x/y',
    ],
    [
      'B34 the prefix is replaced on the primary',
      'match: { keyPrefix: examplefolder }, key: { replacePrefix: myobject }',
      'examplefolder/f',
      'http://myweb.com',
      'http://myweb.com/myobject/f',
    ],
    [
      'B34 and on the backup',
      'match: { keyPrefix: examplefolder }, key: { replacePrefix: myobject }',
      'examplefolder/f',
      'http://backup.com',
      'http://backup.com/myobject/f',
    ],
    [
      'B35 one folder stands for another',
      'match: { keyPrefix: folderA }, key: { replacePrefix: folderB }',
      'folderA/example.docx',
      'http://b.example',
      'http://b.example/folderB/example.docx',
    ],
    [
      'B36 without a condition the key is the path',
      '',
      'myobject.docx',
      'http://o',
      'http://o/myobject.docx',
    ],
  ])('%s', (_words, fields, key, base, expected) => {
    expect(urlOf(fields, key, base)).toBe(expected);
  });

  it('B35 the passed query follows the rewritten key', () => {
    const rule = ruleOf('match: { keyPrefix: folderA }, key: { replacePrefix: folderB }');
    const originKey = rewriteKey(rule, objectKey('folderA/example.docx'));
    expect(originUrl('http://b.example', originKey, rule.key, 'q=1')).toBe(
      'http://b.example/folderB/example.docx?q=1',
    );
  });
});

describe('rewriting a key', () => {
  it.each([
    ['replacePrefix without keyPrefix goes in front', 'key: { replacePrefix: p/ }', 'a', 'p/a'],
    [
      'a stripped prefix takes one leading / along, not two',
      'match: { keyPrefix: a }, key: { replacePrefix: "" }',
      'a//b',
      '/b',
    ],
    [
      'keepLeading leaves the / of the remainder',
      'match: { keyPrefix: a }, key: { replacePrefix: "", slashes: keepLeading }',
      'a/b',
      '/b',
    ],
    [
      'raw leaves it too',
      'match: { keyPrefix: a }, key: { replacePrefix: "", slashes: raw }',
      'a/b',
      '/b',
    ],
    [
      'an empty replacement without keyPrefix strips nothing',
      'key: { replacePrefix: "" }',
      '/a',
      '/a',
    ],
    [
      'a replaced suffix is taken literally',
      'key: { replaceSuffix: { from: .mp4, to: .m4v } }',
      'a.mp4',
      'a.m4v',
    ],
    [
      'a suffix that is not there is not replaced',
      'key: { replaceSuffix: { from: .mp4, to: .m4v } }',
      'a.MP4',
      'a.MP4',
    ],
    [
      'the extension starts at the last dot',
      'key: { replaceSuffix: { to: .x } }',
      'a.tar.gz',
      'a.tar.x',
    ],
    ['a folder marker has no extension', 'key: { replaceSuffix: { to: .x } }', 'a.b/', 'a.b/.x'],
    [
      'the order is prefix, suffix, addPrefix, addSuffix',
      'match: { keyPrefix: a/ }, key: { replacePrefix: b/, replaceSuffix: { from: .c, to: .d }, addPrefix: e/, addSuffix: .f }',
      'a/x.c',
      'e/b/x.d.f',
    ],
    [
      'a fixed key is decorated too',
      'action: rewrite, key: { fixed: a.b, replaceSuffix: { to: .c }, addPrefix: d/ }',
      'any',
      'd/a.c',
    ],
    [
      '$ and other pattern characters mean themselves',
      'match: { keyPrefix: "$&." }, key: { replacePrefix: "$1" }',
      '$&.x',
      '$1x',
    ],
  ])('%s', (_words, fields, key, expected) => {
    expect(rewriteKey(ruleOf(fields), objectKey(key))).toBe(expected);
  });
});

it('never leads out of the base path, whatever rule and key are', () => {
  const part = fc.constantFrom(
    '',
    '/',
    '.',
    '..',
    '../',
    '/..',
    'a',
    'a/',
    '%2e%2e',
    '\\',
    '?',
    '#',
  );
  const some = fc.option(part, { nil: undefined });
  const plain = ruleOf('');
  const rules = fc
    .record({
      keyPrefix: some,
      replacePrefix: some,
      template: fc.option(fc.record({ before: part, after: part }), { nil: undefined }),
      fixed: some,
      replaceSuffix: fc.option(fc.record({ from: some, to: part }), { nil: undefined }),
      addPrefix: part,
      addSuffix: part,
      slashes: fc.constantFrom('join' as const, 'raw' as const, 'keepLeading' as const),
      dotSegments: fc.constantFrom('refuse' as const, 'send' as const),
    })
    .map(({ keyPrefix, ...key }) => ({
      ...plain,
      match: { ...plain.match, keyPrefix },
      key: { ...plain.key, ...key },
    }));
  const keys = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => `k${parts.join('')}`);
  fc.assert(
    fc.property(rules, keys, fc.constantFrom('', '/'), (rule, key, end) => {
      let url: string;
      try {
        url = originUrl(
          `https://h.example/base${end}`,
          rewriteKey(rule, objectKey(key)),
          rule.key,
          '',
        );
      } catch (error) {
        expect(error).toMatchObject({ code: 'KEY_INVALID' });
        return;
      }
      // Joined raw, the base is the beginning of a name: it can't be left, only gone on with.
      const base = end === '' && rule.key.slashes === 'raw' ? '/base' : '/base/';
      expect(new URL(url).host).toBe('h.example');
      expect(new URL(url).pathname.startsWith(base)).toBe(true);
      expect(url).toMatch(/^[^?#]*$/);
    }),
    { numRuns: 2000 },
  );
});
