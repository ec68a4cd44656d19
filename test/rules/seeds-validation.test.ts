import { describe, expect, it } from 'vitest';

import { objectKey } from '../../src/model/object-key.ts';
import { matchRule } from '../../src/rules/match-rule.ts';
import { originUrl } from '../../src/rules/origin-url.ts';
import { errorsOf, problemsOf, ruleErrors, ruleOf } from './rules-of.ts';

/** Errors of a file whose only rule has these origins. */
const originErrors = (origins: string) => errorsOf(`rules: [{ id: a, origins: { ${origins} } }]`);
const HTTPS = '"https://o.example/"';

describe('what the seeds say of addresses', () => {
  it('Q4 a rule without an origin is refused', () => {
    expect(errorsOf('rules: [{ id: a }]')).toEqual([
      'rules[0].origins: missing field: `mirror` needs an origin',
    ]);
  });

  it.each([
    ['http://h.example', 'http://h.example/k'],
    ['https://h.example/', 'https://h.example/k'],
    ['http://h.example:8080/a', 'http://h.example:8080/a/k'],
    ['HTTP://h.example/a/', 'http://h.example/a/k'],
  ])('Q5 protocol, host, port and path make an address: %s', (base, expected) => {
    const rule = ruleOf(`origins: { masters: ["${base}"] }`);
    expect(originUrl(base, 'k', rule.key, '')).toBe(expected);
  });

  it('Q13 an address without a scheme is refused, with what was likely meant', () => {
    expect(originErrors('masters: ["h.example/x"]')).toEqual([
      'rules[0].origins.masters[0]: the URL has no scheme; did you mean `http://h.example/x`?',
    ]);
  });

  it('B4 a name and an IP, with a port and without, are addresses', () => {
    const hosts = [
      'h.example',
      'h.example:81',
      '203.0.113.7',
      '203.0.113.7:81',
      '[2001:db8::1]:81',
    ];
    for (const host of hosts) expect(originErrors(`masters: ["http://${host}/"]`)).toEqual([]);
  });

  it('H10 a rule needs a master, and takes several', () => {
    expect(originErrors('masters: []')).toEqual([
      'rules[0].origins.masters: expected 1 to 10 addresses, got none',
    ]);
    expect(originErrors(`masters: [${Array(10).fill(HTTPS).join(', ')}]`)).toEqual([]);
    expect(originErrors(`masters: [${Array(11).fill(HTTPS).join(', ')}]`)).toHaveLength(1);
  });

  it('H11 slaves may be absent, and are as many as masters may be', () => {
    expect(ruleOf('').origins?.slaves).toEqual([]);
    const slaves = (count: number) =>
      originErrors(`masters: [${HTTPS}], slaves: [${Array(count).fill(HTTPS).join(', ')}]`);
    expect(slaves(10)).toEqual([]);
    expect(slaves(11)).toHaveLength(1);
  });

  it.each([
    ['[4XX, 503]', true],
    ['[4XX, 5XX]', true],
    ['[400, 499, 500, 599]', true],
    ['[4XX, 404]', false],
    ['[503, 5XX]', false],
    ['[399]', false],
    ['[600]', false],
    ['[6XX]', false],
    [`[${Array.from({ length: 20 }, (_, index) => 400 + index).join(', ')}]`, true],
    [`[${Array.from({ length: 21 }, (_, index) => 400 + index).join(', ')}]`, false],
  ])('H16 retryOn %s is valid: %s', (retryOn, valid) => {
    expect(originErrors(`masters: [${HTTPS}], retryOn: ${retryOn}`).length === 0).toBe(valid);
  });
});

describe('what the seeds say of rules', () => {
  it.each([
    ['a', true],
    ['A-z_0', true],
    ['a'.repeat(256), true],
    ['a'.repeat(257), false],
    ['', false],
    ['a b', false],
    ['a.b', false],
  ])('H5 the id `%s` is valid: %s', (id, valid) => {
    const rules = errorsOf(`rules: [{ id: "${id}", action: "off" }]`);
    expect(rules.length === 0).toBe(valid);
  });

  it('H5 an id stands once in a file', () => {
    const rule = (prefix: string) => `{ id: a, action: "off", match: { keyPrefix: ${prefix} } }`;
    expect(errorsOf(`rules: [${rule('a/')}, ${rule('b/')}]`)).toEqual([
      'rules[1].id: the id `a` is taken by rules[0]; ids are unique',
    ]);
  });

  it('H7 an empty prefix takes every key, another one those that start with it', () => {
    const takes = (match: string, key: string) =>
      matchRule([ruleOf(`match: { ${match} }`)], objectKey(key)) !== undefined;
    expect(takes('keyPrefix: ""', 'any')).toBe(true);
    expect(takes('keyPrefix: vid', 'video')).toBe(true);
    expect(takes('keyPrefix: vid', 'a/video')).toBe(false);
    expect(
      errorsOf(`rules: [{ id: a, action: "off", match: { keyPrefix: ${'k'.repeat(1025)} } }]`),
    ).toHaveLength(1);
  });

  it('B16 a suffix takes the keys that end with it', () => {
    const rules = [ruleOf('match: { keySuffix: .jpg }')];
    expect(matchRule(rules, objectKey('mypic.jpg'))).toBe(rules[0]);
    expect(matchRule(rules, objectKey('mypic.png'))).toBeUndefined();
  });

  it.each(['prefix', 'pre${key}mid${key}', '$key'])('H30 the template `%s` is refused', (text) => {
    expect(ruleErrors(`key: { template: "${text}" }`)).toEqual([
      'rules[0].key.template: must hold exactly one ${key}, as in "pre${key}post"',
    ]);
  });

  it('H32 a rule with both replacements is refused', () => {
    expect(ruleErrors('key: { template: "prefix${key}suffix", replacePrefix: picture/ }')).toEqual([
      'rules[0].key.template: only one of replacePrefix, template, fixed can decide the key',
    ]);
  });

  it('B19 an empty replacement strips the prefix, and is no mistake', () => {
    expect(ruleErrors('match: { keyPrefix: a/ }, key: { replacePrefix: "" }')).toEqual([]);
  });

  it('B21 a fixed name is for rules that store nothing', () => {
    expect(ruleErrors('key: { fixed: 404.jpg }')).toHaveLength(1);
    expect(ruleErrors('action: redirectAndFetch, key: { fixed: 404.jpg }')).toHaveLength(1);
    expect(ruleErrors('action: redirect, key: { fixed: 404.jpg }')).toEqual([]);
  });

  it('O18 a redirect answers any status from 400 to 599, a mirror only 404', () => {
    const statuses = (action: string, list: string) =>
      ruleErrors(`action: ${action}, match: { statuses: ${list} }`).length;
    expect(statuses('redirect', '[400, 500, 599]')).toBe(0);
    expect(statuses('redirect', 'any')).toBe(0);
    expect(statuses('rewrite', 'any')).toBe(0);
    expect(statuses('redirect', '[399]')).toBe(1);
    expect(statuses('redirect', '[600]')).toBe(1);
    expect(statuses('mirror', '[500]')).toBe(1);
    expect(statuses('redirectAndFetch', 'any')).toBe(1);
  });

  it('H24 passAll may stand beside pass, which alone lets a cookie through', () => {
    expect(ruleErrors('request: { headers: { passAll: false, pass: [x-a] } }')).toEqual([]);
    expect(ruleErrors('request: { headers: { passAll: true, pass: [cookie] } }')).toEqual([]);
  });

  it('B27 stored objects may have a storage class of their own', () => {
    expect(ruleOf('store: { storageClass: STANDARD_IA }').store.storageClass).toBe('STANDARD_IA');
    expect(ruleOf('').store.storageClass).toBeUndefined();
  });
});

describe('what the seeds leave unsaid', () => {
  it('Q14 has a default', () => {
    expect(ruleOf('')).toMatchObject({
      match: { methods: ['GET', 'HEAD'] },
      request: { passQuery: false, followRedirects: true, maxRedirects: 10 },
      response: { onError: 424 },
      store: { userMetadata: true, requireLength: false, rangeMiss: 'serveAndFetch' },
    });
  });

  it('H37 has a default too: metadata, statuses, ranges, sizes, timeouts', () => {
    expect(ruleOf('')).toMatchObject({
      request: { timeouts: { connectMs: 5000, firstByteMs: 10_000, idleMs: 30_000 } },
      response: { onError: 424, passStatuses: [] },
      store: { originValidators: true, reject: { maxSizeBytes: 5 * 1024 ** 4 } },
    });
  });

  it('is told in no warning', () => {
    expect(problemsOf(`rules: [{ id: a, origins: { masters: [${HTTPS}] } }]`)).toEqual([]);
  });
});
