import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { addressesOf, imported, refusal, ruleFrom, urlsFor } from './imported.ts';

const SOURCE = { sourceEndpoint: { master: ['http://m.example'] } };

/** A rule of the vendor with one master; parts are replaced. */
function rule(redirect: object = {}, condition: object = {}, id: unknown = 'r1') {
  return {
    id,
    condition: { httpErrorCodeReturnedEquals: 404, objectKeyPrefixEquals: 'video/', ...condition },
    redirect: { agency: 'a', publicSource: SOURCE, replaceKeyWith: '${key}', ...redirect },
  };
}

const file = (...rules: readonly object[]) => ({ rules });
const one = (redirect: object = {}, condition: object = {}) => file(rule(redirect, condition));
const prefixed = (id: string, objectKeyPrefixEquals: string) =>
  rule({}, { objectKeyPrefixEquals }, id);
const headers = (mirrorHttpHeader: object, more: object = {}) => one({ mirrorHttpHeader, ...more });
const many = (count: number) => Array.from({ length: count }, (_, index) => `x-${index}`);

describe('the rules as a whole', () => {
  test.each([0, 11])('H2 %i rules are refused', (count) => {
    const rules = Array.from({ length: count }, (_, at) => prefixed(`r${at}`, `p${at}-`));
    expect(refusal('obs', file(...rules))).toContain('expected 1 to 10 rules');
  });

  test('H2 ten rules are taken', () => {
    const rules = Array.from({ length: 10 }, (_, at) => prefixed(`r${at}`, `p${at}-`));
    expect(imported('obs', file(...rules)).rules.rules).toHaveLength(10);
  });

  test.each([
    ['abc', 'abc'],
    ['abc/', 'abc/def'],
    ['abc/def', 'abc/'],
  ])('H3 the prefixes %s and %s are refused, naming both rules', (a, b) => {
    const line = refusal('obs', file(prefixed('one', a), prefixed('two', b)));
    expect(line).toContain('prefixes must not contain each other');
  });

  test('H3 prefixes that only begin alike are taken', () => {
    const { rules } = imported('obs', file(prefixed('one', 'abc'), prefixed('two', 'abd'))).rules;
    expect(rules.map(({ id }) => id)).toEqual(['one', 'two']);
  });

  test('H4 one empty prefix is placed last, with a warning; two are refused', () => {
    const document = file(prefixed('all', ''), prefixed('some', 'p/'));
    const { rules, warnings } = imported('obs', document);
    expect(rules.rules.map(({ id }) => id)).toEqual(['some', 'all']);
    expect(warnings).toContain('rules[0]: takes every key that no other rule takes');
    expect(refusal('obs', file(prefixed('a', ''), prefixed('b', '')))).toContain('contain');
  });

  test.each(['', 'a b', 'x'.repeat(257), 'ä'])('H5 the id %j is refused', (id) => {
    expect(refusal('obs', file(rule({}, {}, id)))).toContain('rules[0].id');
  });

  test('H5 ids are 1 to 256 characters, mandatory and unique', () => {
    expect(ruleFrom('obs', file(rule({}, {}, 'x'.repeat(256)))).id).toHaveLength(256);
    expect(refusal('obs', file(rule({}, {}, null)))).toContain('`id` is missing');
    const twice = file(prefixed('same', 'a/'), prefixed('same', 'b/'));
    expect(refusal('obs', twice)).toContain('`same` stands twice');
  });
});

describe('the condition', () => {
  test.each([404, '404'])('H6 the code %j is 404, as a number and as text', (code) => {
    const rules = ruleFrom('obs', one({}, { httpErrorCodeReturnedEquals: code }));
    expect(rules.match.statuses).toEqual([404]);
  });

  test.each([403, '500', null, true])('H6 the code %j is refused', (code) => {
    const line = refusal('obs', one({}, { httpErrorCodeReturnedEquals: code }));
    expect(line).toContain('httpErrorCodeReturnedEquals');
  });

  test('H7 an empty prefix matches every key, one of more than 1023 characters is refused', () => {
    const rules = ruleFrom('obs', one({}, { objectKeyPrefixEquals: '' }));
    expect(rules.match.keyPrefix).toBeUndefined();
    const long = { objectKeyPrefixEquals: 'x'.repeat(1024) };
    expect(refusal('obs', one({}, long))).toContain('objectKeyPrefixEquals');
  });
});

describe('the sources', () => {
  const sources = (sourceEndpoint: object, more: object = {}) =>
    one({ publicSource: { sourceEndpoint }, ...more });

  test('H8 the agency is dropped with a note, and different ones are told', () => {
    expect(imported('obs', one()).warnings).toContain('rules[0].redirect.agency: dropped');
    const two = file(
      prefixed('a', 'a/'),
      rule({ agency: 'b' }, { objectKeyPrefixEquals: 'b/' }, 'b'),
    );
    expect(imported('obs', two).warnings).toContain('different agencies');
  });

  test('H8 a rule without redirect is refused', () => {
    expect(refusal('obs', file({ ...rule(), redirect: null }))).toContain('`redirect` is missing');
  });

  test('H9 a rule without publicSource or sourceEndpoint is refused', () => {
    for (const publicSource of [null, {}]) {
      expect(refusal('obs', one({ publicSource }))).toContain('publicSource.sourceEndpoint');
    }
  });

  test('H10 a rule has 1 to 5 masters of 10 to 255 characters', () => {
    const masters = Array.from({ length: 6 }, (_, at) => `http://m${at}.example`);
    expect(refusal('obs', sources({ master: [] }))).toContain('`master` is missing');
    expect(refusal('obs', sources({ master: masters }))).toContain('at most 5');
    expect(refusal('obs', sources({ master: ['http://a'] }))).toContain('10 to 255');
    expect(refusal('obs', sources({ master: [`http://${'a'.repeat(250)}`] }))).toContain('10 to');
    expect(refusal('obs', sources({ master: ['m.example.com'] }))).toContain('no scheme');
    expect(refusal('obs', sources({ master: 'http://m.example' }))).toContain('expected a list');
    const { rules } = imported('obs', sources({ master: masters.slice(1) })).rules;
    expect(addressesOf(rules, 'masters')).toEqual(masters.slice(1));
  });

  test('H11 a rule has at most 5 slaves', () => {
    const slave = Array.from({ length: 6 }, (_, at) => `http://s${at}.example`);
    const master = ['http://m.example'];
    expect(refusal('obs', sources({ master, slave }))).toContain('`slave`: at most 5');
    const { rules } = imported('obs', sources({ master, slave: slave.slice(1) })).rules;
    expect(addressesOf(rules, 'slaves')).toEqual(slave.slice(1));
  });

  test('H12 the domain of a region names no bucket, with a warning', () => {
    const warnings = (url: string) => imported('obs', sources({ master: [url] })).warnings;
    expect(warnings('https://s3.eu-west-1.amazonaws.com')).toContain('names no bucket');
    expect(warnings('https://b.s3.eu-west-1.amazonaws.com')).not.toContain('names no bucket');
    expect(warnings('https://www.m.example')).not.toContain('names no bucket');
  });

  test('H13 several masters take turns', () => {
    const master = ['http://m1.example', 'http://m2.example'];
    expect(ruleFrom('obs', sources({ master })).origins?.select).toBe('roundRobin');
    expect(ruleFrom('obs', one()).origins?.select).toBe('ordered');
  });

  test('H14 H15 a master, another master and one slave are asked', () => {
    const document = sources({
      master: ['http://m1.example', 'http://m2.example', 'http://m3.example'],
      slave: ['http://s1.example', 'http://s2.example'],
    });
    expect(urlsFor('obs', document, 'video/a')).toEqual([
      'http://m1.example/video/a',
      'http://m2.example/video/a',
      'http://s1.example/video/a',
    ]);
  });

  test('H16 conditions to change the address are classes or statuses', () => {
    const patterns = (list: readonly unknown[]) =>
      ruleFrom('obs', one({ retryConditions: list })).origins?.retryOn;
    expect(patterns(['4XX', '503'])).toEqual(['4XX', 503]);
    expect(patterns(['400', 599])).toEqual([400, 599]);
    expect(refusal('obs', one({ retryConditions: ['4XX', '404'] }))).toContain(
      '404 is part of 4XX',
    );
    expect(refusal('obs', one({ retryConditions: ['503', '5XX'] }))).toContain(
      '503 is part of 5XX',
    );
    expect(refusal('obs', one({ retryConditions: ['399'] }))).toContain('from 400 to 599');
    const codes = Array.from({ length: 21 }, (_, at) => 400 + at);
    expect(refusal('obs', one({ retryConditions: codes }))).toContain('at most 20');
  });

  test('H17 without conditions 5XX changes the address', () => {
    expect(ruleFrom('obs', one()).origins?.retryOn).toEqual(['5XX']);
  });
});

describe('the request to the source', () => {
  test.each([
    [true, true],
    [false, false],
    [undefined, false],
    ['True', true],
  ])('H18 passQueryString %j is %j', (passQueryString, expected) => {
    expect(ruleFrom('obs', one({ passQueryString })).request.passQuery).toBe(expected);
  });

  test.each([
    [true, true],
    [false, false],
    [undefined, false],
  ])('H19 mirrorFollowRedirect %j is %j', (mirrorFollowRedirect, expected) => {
    const { request } = ruleFrom('obs', one({ mirrorFollowRedirect }));
    expect(request.followRedirects).toBe(expected);
  });

  test.each([
    [true, false],
    [false, true],
    [undefined, true],
  ])('H20 redirectWithoutReferer %j: the referer is %j', (redirectWithoutReferer, expected) => {
    const document = one({ redirectWithoutReferer, mirrorFollowRedirect: true });
    expect(ruleFrom('obs', document).request.refererOnRedirect).toBe(expected);
  });

  test.each([
    [undefined, ['GET']],
    [['HEAD'], ['GET', 'HEAD']],
    [['GET'], ['GET']],
  ])('H21 mirrorAllowHttpMethod %j is %j', (mirrorAllowHttpMethod, expected) => {
    expect(ruleFrom('obs', one({ mirrorAllowHttpMethod })).match.methods).toEqual(expected);
  });

  test('H22 the container of headers may be absent', () => {
    expect(ruleFrom('obs', one()).request.headers).toMatchObject({ passAll: false, pass: [] });
  });

  test('H23 the signed headers and those of the message are never passed', () => {
    const { warnings } = imported('obs', headers({ pass: ['x-obs-a', 'Content-Length', 'x-a'] }));
    expect(warnings).toContain('pass[0]: dropped');
    expect(warnings).toContain('pass[1]: dropped');
    expect(ruleFrom('obs', headers({ pass: ['x-obs-a', 'x-a'] })).request.headers.pass).toEqual([
      'x-a',
    ]);
    expect(ruleFrom('obs', headers({ passAll: true })).request.headers.passAll).toBe(true);
  });

  test('H24 passAll and pass exclude each other only where passAll is true', () => {
    const line = refusal('obs', headers({ passAll: true, pass: ['x-a'] }));
    expect(line).toContain('`passAll` and `pass` contradict each other');
    const both = headers({ passAll: false, pass: ['x-a'] });
    expect(ruleFrom('obs', both).request.headers.pass).toEqual(['x-a']);
  });

  test('H25 content-encoding and content-type of the sample are taken', () => {
    const lists = headers({ pass: ['content-encoding'], remove: ['content-type'] });
    expect(ruleFrom('obs', lists).request.headers).toMatchObject({
      pass: ['content-encoding'],
      remove: ['content-type'],
    });
  });

  test.each(['pass', 'remove'])(
    'H26 H27 the names in `%s` are ten of 1 to 63 characters',
    (list) => {
      expect(refusal('obs', headers({ [list]: many(11) }))).toContain('at most 10');
      expect(refusal('obs', headers({ [list]: ['x'.repeat(64)] }))).toContain('1 to 63');
      expect(refusal('obs', headers({ [list]: ['a b'] }))).toContain('1 to 63');
      const ten = ruleFrom('obs', headers({ [list]: many(10) })).request.headers;
      expect([...ten.pass, ...ten.remove]).toHaveLength(10);
    },
  );

  test('H28 set takes ten unique names and values of up to 2048 characters', () => {
    const set = (...pairs: readonly (readonly [string, string])[]) =>
      headers({ set: pairs.map(([key, value]) => ({ key, value })) });
    expect(ruleFrom('obs', set(['X-A', 'v'])).request.headers.set).toEqual([
      { name: 'x-a', value: { text: 'v' } },
    ]);
    expect(refusal('obs', set(['x-a', '1'], ['X-A', '2']))).toContain('set twice');
    expect(refusal('obs', set(['x-a', 'v'.repeat(2049)]))).toContain('2048');
    expect(refusal('obs', set(...many(11).map((name) => [name, ''] as const)))).toContain(
      'most 10',
    );
  });

  test('H29 a Referer that will be overwritten is warned of', () => {
    const lists = { set: [{ key: 'Referer', value: 'http://r.example/' }] };
    expect(imported('obs', headers(lists)).warnings).toContain('overwritten on redirected hops');
    const kept = headers(lists, { redirectWithoutReferer: true });
    expect(imported('obs', kept).warnings).not.toContain('overwritten');
  });

  test('a credential in a set header goes into the environment', () => {
    const lists = { set: [{ key: 'x-api-key', value: 'hunter2' }] };
    const { yaml, warnings } = imported('obs', headers(lists));
    expect(yaml).toContain('x-api-key: { env: R1_X_API_KEY }');
    expect(`${yaml}${warnings}`).not.toContain('hunter2');
    const url = { set: [{ key: 'x-from', value: 'https://u:hunter2@h.example/' }] };
    expect(imported('obs', headers(url)).yaml).not.toContain('hunter2');
  });
});

describe('the key', () => {
  const keyed = (redirect: object, prefix = 'video/') =>
    urlsFor(
      'obs',
      one({ replaceKeyWith: null, ...redirect }, { objectKeyPrefixEquals: prefix }),
      `${prefix}a.mp4`,
    );

  test('H30 replaceKeyWith puts text around the key', () => {
    expect(keyed({ replaceKeyWith: 'pre/${key}.bak' })).toEqual([
      'http://m.example/pre/video/a.mp4.bak',
    ]);
    expect(keyed({ replaceKeyWith: '${key}' })).toEqual(['http://m.example/video/a.mp4']);
    for (const replaceKeyWith of ['no token', '${key}${key}']) {
      expect(refusal('obs', one({ replaceKeyWith }))).toContain('exactly one ${key}');
    }
    const long = `${'x'.repeat(1024)}\${key}`;
    expect(refusal('obs', one({ replaceKeyWith: long }))).toContain('longer than');
  });

  test('H31 replaceKeyPrefixWith replaces the prefix of the condition', () => {
    expect(keyed({ replaceKeyPrefixWith: 'picture/' })).toEqual(['http://m.example/picture/a.mp4']);
  });

  test('H32 a rule with both replacements is refused', () => {
    const sample = readFileSync(
      new URL('../../../samples/vendors/obs.json', import.meta.url),
      'utf8',
    );
    const both = sample.replace(
      '"replaceKeyPrefixWith"',
      '"replaceKeyWith": "prefix${key}suffix", "replaceKeyPrefixWith"',
    );
    expect(refusal('obs', both)).toBe(
      'in: rules[0].redirect: `replaceKeyWith` and `replaceKeyPrefixWith` contradict each other; keep one',
    );
  });

  test('H33 an empty replaceKeyPrefixWith strips, absent fields leave the key; both are told', () => {
    expect(keyed({ replaceKeyPrefixWith: '' })).toEqual(['http://m.example/a.mp4']);
    expect(keyed({})).toEqual(['http://m.example/video/a.mp4']);
    const strip = one({ replaceKeyWith: '', replaceKeyPrefixWith: '' });
    expect(imported('obs', strip).warnings).toContain('the prefix is cut off');
    expect(imported('obs', one({ replaceKeyWith: null })).warnings).toContain('the key stays');
  });

  test('H35 vpcEndpointURN is dropped with a warning', () => {
    expect(imported('obs', one({ vpcEndpointURN: '001' })).warnings).toContain(
      'rules[0].redirect.vpcEndpointURN: dropped',
    );
  });

  test('a field that nobody knows is told', () => {
    expect(imported('obs', one({ newField: { a: 1 } })).warnings).toContain(
      'rules[0].redirect.newField: dropped: not known',
    );
  });
});
