import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { keyProblem, objectKey } from '../../src/model/object-key.ts';
import { invertKey } from '../../src/rules/invert-key.ts';
import { rewriteKey } from '../../src/rules/rewrite-key.ts';
import { ruleOf } from './rules-of.ts';

describe('the request key of what an origin holds', () => {
  it.each([
    ['itself where nothing is rewritten', '', 'a//b', 'a//b'],
    ['none outside the rule’s prefix', 'match: { keyPrefix: a/ }', 'b/x', undefined],
    ['none without the rule’s suffix', 'match: { keySuffix: .mp4 }', 'x.avi', undefined],
    [
      'back under the replaced prefix',
      'match: { keyPrefix: video/ }, key: { replacePrefix: picture/ }',
      'picture/a',
      'video/a',
    ],
    [
      'none elsewhere at the origin',
      'match: { keyPrefix: video/ }, key: { replacePrefix: picture/ }',
      'other/a',
      undefined,
    ],
    [
      'below a stripped folder',
      'match: { keyPrefix: a/ }, key: { replacePrefix: "" }',
      'x/y',
      'a/x/y',
    ],
    [
      'below a stripped prefix, with the / that was dropped',
      'match: { keyPrefix: abc/def }, key: { replacePrefix: "" }',
      'x',
      'abc/def/x',
    ],
    [
      'with both / where the origin has one',
      'match: { keyPrefix: a/ }, key: { replacePrefix: "" }',
      '/x',
      'a///x',
    ],
    ['out of a template', 'key: { template: "pre${key}post" }', 'preapost', 'a'],
    ['none where template parts overlap', 'key: { template: "ab${key}bc" }', 'abc', undefined],
    [
      'none where the key would be empty',
      'key: { template: "pre${key}post" }',
      'prepost',
      undefined,
    ],
    ['without what was added', 'key: { addPrefix: cdn/, addSuffix: .bak }', 'cdn/a.bak', 'a'],
    [
      'with the suffix that was replaced',
      'key: { replaceSuffix: { from: .mp4, to: .m4v } }',
      'a.m4v',
      'a.mp4',
    ],
    [
      'as it is where the suffix was never there',
      'key: { replaceSuffix: { from: .mp4, to: .m4v } }',
      'a.avi',
      'a.avi',
    ],
    [
      'none where the suffix would have been replaced',
      'key: { replaceSuffix: { from: .mp4, to: .m4v } }',
      'a.mp4',
      undefined,
    ],
    [
      'none where any extension was replaced',
      'key: { replaceSuffix: { to: .doc } }',
      'a.doc',
      undefined,
    ],
    [
      'with the extension that the rule takes',
      'match: { keySuffix: .docx }, key: { replaceSuffix: { to: .doc } }',
      'a.doc',
      'a.docx',
    ],
    ['none for one fixed key', 'action: redirect, key: { fixed: 404.jpg }', '404.jpg', undefined],
  ])('is %s', (_words, fields, originKey, expected) => {
    expect(invertKey(ruleOf(fields), originKey)).toBe(expected);
  });

  const plain = ruleOf('');
  const part = fc.constantFrom('', 'a', 'a/', '/', 'b', '.x', '.y', 'ab');
  const text = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''));
  const rule = fc
    .record({
      keyPrefix: fc.option(part, { nil: undefined }),
      keySuffix: fc.option(part, { nil: undefined }),
      replacePrefix: fc.option(part, { nil: undefined }),
      template: fc.option(fc.record({ before: part, after: part }), { nil: undefined }),
      suffix: fc.option(fc.record({ from: fc.option(part, { nil: undefined }), to: part }), {
        nil: undefined,
      }),
      addPrefix: part,
      addSuffix: part,
      slashes: fc.constantFrom('join' as const, 'raw' as const, 'keepLeading' as const),
    })
    .map(({ keyPrefix, keySuffix, replacePrefix, suffix, ...key }) => {
      return {
        ...plain,
        match: { ...plain.match, keyPrefix, keySuffix },
        key: { ...plain.key, ...key, replacePrefix, replaceSuffix: suffix },
      };
    });

  it('is rewritten into the origin key again, and is one that the rule takes', () => {
    fc.assert(
      fc.property(rule, text, (one, originKey) => {
        const key = invertKey(one, originKey);
        if (key === undefined) return;
        expect(rewriteKey(one, key)).toBe(originKey);
        expect(key.startsWith(one.match.keyPrefix ?? '')).toBe(true);
        expect(key.endsWith(one.match.keySuffix ?? '')).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('is found for every key that the rule takes, where no extension was lost', () => {
    fc.assert(
      fc.property(rule, text, (one, middle) => {
        const { keyPrefix = '', keySuffix = '' } = one.match;
        const taken = `${keyPrefix}${middle}${keySuffix}`;
        const lossy =
          one.key.replaceSuffix !== undefined && one.key.replaceSuffix.from === undefined;
        if (lossy || keyProblem(taken) !== undefined) return;
        expect(invertKey(one, rewriteKey(one, objectKey(taken)))).toBeDefined();
      }),
      { numRuns: 2000 },
    );
  });
});
