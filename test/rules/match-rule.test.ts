import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { objectKey } from '../../src/model/object-key.ts';
import { matchRule, ruleVerdict } from '../../src/rules/match-rule.ts';
import { rulesOf } from './rules-of.ts';

const RULES = rulesOf(
  [
    'defaults: { origins: { masters: ["https://o.example/"] } }',
    'rules:',
    '  - { id: clips, match: { keyPrefix: video/, keySuffix: .mp4 } }',
    '  - { id: video, match: { keyPrefix: video/ } }',
    '  - { id: pages, match: { keySuffix: .html, methods: [GET], headers: [{ name: x, equals: y }] } }',
    '  - { id: slash, match: { keyPrefix: / } }',
    '  - { id: forbidden, action: redirect, match: { keySuffix: .txt, statuses: [403] } }',
    '  - { id: whatever, action: redirect, match: { keySuffix: .any, statuses: any } }',
  ].join('\n'),
).rules;

describe('the rule for a key', () => {
  it.each([
    ['video/a.mp4', 'clips'],
    ['video/a.avi', 'video'],
    ['video/', 'video'],
    ['video', undefined],
    ['Video/a', undefined],
    ['x.html', 'pages'],
    ['x.any', 'whatever'],
    ['x.txt', undefined],
    ['/video/a.mp4', 'slash'],
    ['video%2Fa', undefined],
  ])('%s is %s: the first whose prefix and suffix hold', (key, id) => {
    expect(matchRule(RULES, objectKey(key))?.id).toBe(id);
  });

  it('is always the same, and the only one whose verdict comes first', () => {
    const part = fc.constantFrom('video', '/', '.mp4', '.html', '.any', '.txt', 'a', 'é');
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const key = objectKey(parts.join(''));
        const rule = matchRule(RULES, key);
        expect(matchRule(RULES, key)).toBe(rule);
        expect(RULES.find((candidate) => ruleVerdict(candidate, key).matches)).toBe(rule);
      }),
    );
  });
});

describe('the verdict on a rule', () => {
  it.each([
    [0, 'video/a.mp4', 'the key starts with `video/` and the key ends with `.mp4`'],
    [0, 'video/a.avi', 'the key does not end with `.mp4`'],
    [0, 'a.avi', 'the key does not start with `video/` and the key does not end with `.mp4`'],
    [1, 'video/a', 'the key starts with `video/`'],
  ])('%d on %s: %s', (index, key, reason) => {
    const rule = RULES[index];
    if (rule === undefined) throw new Error('no such rule');
    expect(ruleVerdict(rule, objectKey(key)).reason).toBe(reason);
  });
});
