import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { objectKey } from '../../src/model/object-key.ts';
import { type ClientRequest, plainRequest } from '../../src/rules/client-request.ts';
import {
  matchAfter,
  matchRequest,
  matchRule,
  matchUnasked,
  ruleVerdict,
} from '../../src/rules/match-rule.ts';
import { ruleOf, rulesOf } from './rules-of.ts';

const GET = plainRequest(objectKey('a/b.jpg'));

function takes(match: string, request: Partial<ClientRequest>, status = 404): boolean {
  const rule = ruleOf(`action: redirect, match: { ${match} }`);
  return matchRequest([rule], { ...GET, ...request }, status) === rule;
}

describe('a request and a rule', () => {
  it.each([
    ['', { method: 'GET' }, true],
    ['', { method: 'HEAD' }, true],
    ['', { method: 'POST' }, false],
    ['methods: [GET]', { method: 'GET' }, true],
    ['methods: [GET]', { method: 'HEAD' }, false],
    ['methods: [HEAD]', { method: 'GET' }, false],
  ])('{ %s } and %j: %s', (match, request, expected) => {
    expect(takes(match, request)).toBe(expected);
  });

  it.each([
    ['B14 404 is the default trigger', '', 404, true],
    ['B14 nothing but 404 triggers by default', '', 403, false],
    ['statuses that are listed', 'statuses: [403, 500]', 500, true],
    ['statuses that are not', 'statuses: [403, 500]', 404, false],
    ['any takes a hit', 'statuses: any', 200, true],
    ['any takes what the bucket refuses', 'statuses: any', 403, true],
  ])('%s', (_words, match, status, expected) => {
    expect(takes(match, {}, status)).toBe(expected);
  });

  it.each([
    ['{ name: X-Tier, equals: gold }', 'gold', true],
    ['{ name: x-tier, equals: gold }', 'Gold', false],
    ['{ name: x-tier, equals: gold }', 'golden', false],
    ['{ name: x-tier, startsWith: go }', 'gold', true],
    ['{ name: x-tier, startsWith: ld }', 'gold', false],
    ['{ name: x-tier, endsWith: ld }', 'gold', true],
    ['{ name: x-tier, endsWith: go }', 'gold', false],
    ['{ name: x-tier, equals: "" }', '', true],
    ['{ name: x-other, equals: "" }', 'gold', false],
    ['{ name: x-tier, startsWith: g }, { name: x-tier, endsWith: d }', 'gold', true],
    ['{ name: x-tier, startsWith: g }, { name: x-tier, endsWith: x }', 'gold', false],
  ])('headers [%s] with x-tier: %s: %s', (conditions, value, expected) => {
    expect(takes(`headers: [${conditions}]`, { headers: { 'x-tier': value } })).toBe(expected);
  });

  it('a header condition looks at headers that were sent, not at what every object has', () => {
    expect(takes('headers: [{ name: constructor, startsWith: "" }]', {})).toBe(false);
  });

  it.each([
    ['allow: [cdn.example.com]', 'cdn.example.com', true],
    ['allow: [cdn.example.com]', 'CDN.example.COM:8080', true],
    ['allow: [cdn.example.com]', 'cdn.example.com.evil.net', false],
    ['allow: ["cdn.example.com:8080"]', 'cdn.example.com:8080', true],
    ['allow: ["cdn.example.com:8080"]', 'cdn.example.com', false],
    ['allow: ["*.example.com"]', 'a.b.example.com', true],
    ['allow: ["*.example.com"]', 'example.com', false],
    ['allow: ["*.example.com"]', '.example.com', true],
    ['allow: ["a*b*c"]', 'a-b-c', true],
    ['allow: ["a*b*c"]', 'acb', false],
    ['allow: ["ab*ba"]', 'aba', false],
    ['allow: ["a*b*b*c"]', 'abc', false],
    ['allow: ["*"]', 'anything', true],
    ['deny: [old.example.com]', 'old.example.com', false],
    ['deny: [old.example.com]', 'new.example.com', true],
    ['allow: ["*.example.com"], deny: [old.example.com]', 'old.example.com', false],
    ['allow: [a.example]', undefined, false],
    ['deny: [a.example]', undefined, true],
  ])('hosts { %s } and the host %s: %s', (hosts, host, expected) => {
    expect(takes(`hosts: { ${hosts} }`, { host })).toBe(expected);
  });
});

const RULES = rulesOf(
  `defaults: { origins: { masters: ["https://o.example/"] } }
rules:
  - { id: hidden, match: { keyPrefix: private/, statuses: any }, action: redirect }
  - { id: gold, match: { headers: [{ name: x-tier, equals: gold }] }, afterMiss: nextRule }
  - { id: errors, match: { keyPrefix: a/, statuses: [500] }, action: redirect }
  - { id: jpg, match: { keySuffix: .jpg } }
  - { id: rest, match: { statuses: any }, action: redirect }
`,
).rules;

const ids = (key: string, status: number, headers = {}) =>
  matchRequest(RULES, { ...plainRequest(objectKey(key)), headers }, status)?.id;

describe('the rule for a request', () => {
  it('O1 is the first in order whose conditions hold; the rest is ignored', () => {
    expect(ids('a/b.jpg', 404)).toBe('jpg');
    expect(ids('a/b.jpg', 404, { 'x-tier': 'gold' })).toBe('gold');
    expect(ids('a/b.jpg', 500)).toBe('errors');
    expect(ids('a/b.jpg', 200)).toBe('rest');
    expect(ids('private/b.jpg', 404)).toBe('hidden');
  });

  it('goes on below one that found nothing, never above it', () => {
    const [, gold] = RULES;
    if (gold === undefined) throw new Error('no rule');
    expect(matchAfter(RULES, gold, GET, 404)?.id).toBe('jpg');
    expect(matchAfter(RULES, gold, plainRequest(objectKey('private/x')), 404)?.id).toBe('rest');
  });

  it('in bulk is judged by the key alone, as what the bucket answers 404 for', () => {
    expect(matchRule(RULES, objectKey('a/b.jpg'))?.id).toBe('gold');
    expect(matchRule(RULES.slice(2), objectKey('a/b'))?.id).toBe('rest');
    expect(matchRule(RULES.slice(2), objectKey('a/b.jpg'))?.id).toBe('jpg');
  });

  it('is the same every time, and holds by its own verdict', () => {
    const key = fc.constantFrom('private/x', 'a/b', 'a/b.jpg', 'z').map(objectKey);
    const headers = fc.constantFrom({}, { 'x-tier': 'gold' }, { 'x-tier': 'tin' });
    fc.assert(
      fc.property(key, headers, fc.constantFrom('GET', 'HEAD'), (text, sent, method) => {
        const request = { ...plainRequest(text), headers: sent, method };
        const rule = matchRequest(RULES, request, 404);
        expect(matchRequest(RULES, request, 404)).toBe(rule);
        expect(RULES.find((one) => ruleVerdict(one, request).matches)).toBe(rule);
      }),
    );
  });
});

describe('before the bucket is asked', () => {
  const unasked = (key: string, rules = RULES, method = 'GET') => {
    const choice = matchUnasked(rules, { ...plainRequest(objectKey(key)), method });
    return choice.decided ? (choice.rule?.id ?? 'none') : 'ask';
  };

  it('O17 a rule for any status answers by the prefix alone', () => {
    expect(unasked('private/x')).toBe('hidden');
  });

  it('a rule above that waits for the bucket makes it be asked first', () => {
    expect(unasked('z.jpg')).toBe('ask');
    expect(unasked('a/z')).toBe('ask');
  });

  it('a rule that does not match anyway keeps nobody waiting', () => {
    expect(unasked('z')).toBe('rest');
    expect(unasked('z', RULES.slice(0, 4))).toBe('none');
    expect(unasked('z.jpg', RULES, 'POST')).toBe('none');
  });

  it('agrees with what the answer would decide, whatever it is', () => {
    const key = fc.constantFrom('private/x', 'a/b', 'a/b.jpg', 'z').map(objectKey);
    const rules = fc.subarray([...RULES]);
    fc.assert(
      fc.property(rules, key, fc.constantFrom(200, 403, 404, 500), (some, text, status) => {
        const choice = matchUnasked(some, plainRequest(text));
        if (!choice.decided) return;
        expect(matchRequest(some, plainRequest(text), status)).toBe(choice.rule);
      }),
    );
  });
});

describe('the verdict on a rule and a request', () => {
  it.each([
    ['methods: [GET]', { method: 'HEAD' }, 'it takes GET, not HEAD'],
    ['methods: [GET]', {}, 'it takes every key and the method is GET'],
    ['methods: [GET], keySuffix: g', {}, 'the key ends with `g` and the method is GET'],
    ['statuses: any', {}, 'it takes every key and it answers whatever the bucket holds'],
    ['statuses: [500]', {}, "it answers the bucket's 500, not its 404"],
    ['statuses: [404, 403]', {}, "it takes every key and it answers the bucket's 404"],
    [
      'headers: [{ name: x, equals: y }, { name: z, startsWith: w }]',
      { headers: { x: 'y' } },
      'the header z does not start with `w`',
    ],
    [
      'headers: [{ name: x, endsWith: y }]',
      { headers: { x: 'y' } },
      'it takes every key and the header x ends with `y`',
    ],
    ['hosts: { allow: [h] }', { host: 'i' }, 'the host i is not allowed'],
    ['hosts: { allow: [h] }', { host: 'h' }, 'it takes every key and the host h is allowed'],
    ['hosts: { allow: [h] }', {}, 'it takes the host h, the request names none'],
    [
      'hosts: { allow: [h, i, j, k, l] }',
      {},
      'it takes the host h or i or j or 2 more, the request names none',
    ],
    ['hosts: { deny: [h] }', {}, 'it takes every key and the request names no host'],
  ])('{ %s } on %j: %s', (match, request, reason) => {
    const rule = ruleOf(`action: redirect, match: { ${match} }`);
    expect(ruleVerdict(rule, { ...GET, ...request }).reason).toBe(reason);
  });
});
