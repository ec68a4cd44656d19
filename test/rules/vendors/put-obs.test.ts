import { describe, expect, test } from 'vitest';

import { holdsLimits, refusalOf, rulesPut } from './put-limits.ts';

const SOURCE = { sourceEndpoint: { master: ['http://m.example'] } };

/** A rule with one master; parts are replaced, and left out where they are undefined. */
function rule(redirect: object = {}, condition: object = {}, more: object = {}) {
  return {
    id: 'r1',
    condition: { httpErrorCodeReturnedEquals: 404, objectKeyPrefixEquals: 'video/', ...condition },
    redirect: { agency: 'a', publicSource: SOURCE, ...redirect },
    ...more,
  };
}

const file = (...rules: readonly object[]) => ({ rules });
const one = (redirect: object = {}, condition: object = {}, more: object = {}) =>
  file(rule(redirect, condition, more));
const named = (id: string, objectKeyPrefixEquals?: string) =>
  rule({}, { objectKeyPrefixEquals }, { id });
const several = (count: number) =>
  file(...Array.from({ length: count }, (_, at) => named(`r${at}`, `p${at}-`)));
const sources = (master: unknown, slave?: unknown) =>
  one({ publicSource: { sourceEndpoint: { master, slave } } });
const sites = (count: number) => Array.from({ length: count }, (_, at) => `http://m${at}.example`);
const headers = (mirrorHttpHeader: object) => one({ mirrorHttpHeader });
const names = (count: number) => Array.from({ length: count }, (_, at) => `x-${at}`);
const set = (...pairs: readonly (readonly [string, string])[]) =>
  headers({ set: pairs.map(([key, value]) => ({ key, value })) });
const codes = (count: number) => Array.from({ length: count }, (_, at) => String(400 + at));

describe('a PUT of OBS: the rules as a whole', () => {
  holdsLimits('obs', [
    {
      title: 'H2 there are at most ten rules',
      at: several(10),
      beyond: several(11),
      names: '`rules`: expected 1 to 10 rules, got 11',
    },
    {
      title: 'H2 there is at least one rule',
      at: several(1),
      beyond: file(),
      names: '`rules`: expected 1 to 10 rules, got 0',
    },
    {
      title: 'H3 no prefix begins another one; they may begin alike',
      at: file(named('one', 'abc'), named('two', 'abd')),
      beyond: file(named('one', 'abc'), named('two', 'abcd')),
      names: 'prefixes must not contain each other',
    },
    {
      title: 'H3 no prefix stands twice',
      at: file(named('one', 'a/'), named('two', 'b/')),
      beyond: file(named('one', 'a/'), named('two', 'a/')),
      names: 'prefixes must not contain each other',
    },
    {
      title: 'H4 a rule with an empty prefix is the only one',
      at: file(named('all', '')),
      beyond: file(named('some', 'p/'), named('all', '')),
      names: 'rules[1]: rule `all` without `objectKeyPrefixEquals` takes every key',
    },
    {
      title: 'H4 a rule without a prefix is the only one',
      at: file(named('all')),
      beyond: file(named('all'), named('some', 'p/')),
      names: 'must be the only rule',
    },
    {
      title: 'H5 an id has at most 256 characters',
      at: one({}, {}, { id: 'x'.repeat(256) }),
      beyond: one({}, {}, { id: 'x'.repeat(257) }),
      names: 'rules[0].id: expected 1 to 256',
    },
    {
      title: 'H5 an id has letters, digits, - and _ only, no space of a miswritten pattern',
      at: one({}, {}, { id: 'aZ09_-' }),
      beyond: one({}, {}, { id: 'a 1' }),
      names: 'rules[0].id',
    },
    {
      title: 'H5 an id is mandatory and has at least one character',
      at: one({}, {}, { id: 'x' }),
      beyond: one({}, {}, { id: '' }),
      names: 'rules[0].id',
    },
    {
      title: 'H5 an id stands once',
      at: file(named('one', 'a/'), named('two', 'b/')),
      beyond: file(named('one', 'a/'), named('one', 'b/')),
      names: 'the id `one` stands twice',
    },
  ]);
});

describe('a PUT of OBS: condition, agency and sources', () => {
  holdsLimits('obs', [
    {
      title: 'H6 the status is 404',
      at: one({}, { httpErrorCodeReturnedEquals: '404' }),
      beyond: one({}, { httpErrorCodeReturnedEquals: '403' }),
      names: 'condition.httpErrorCodeReturnedEquals',
    },
    {
      title: 'H6 the status is mandatory',
      at: one(),
      beyond: one({}, { httpErrorCodeReturnedEquals: undefined }),
      names: '`httpErrorCodeReturnedEquals` is missing',
    },
    {
      title: 'H6 the condition is mandatory',
      at: one(),
      beyond: one({}, {}, { condition: undefined }),
      names: '`condition` is missing',
    },
    {
      title: 'H7 a prefix has at most 1023 characters',
      at: one({}, { objectKeyPrefixEquals: 'x'.repeat(1023) }),
      beyond: one({}, { objectKeyPrefixEquals: 'x'.repeat(1024) }),
      names: '`objectKeyPrefixEquals` is longer than 1023',
    },
    {
      title: 'H8 the redirect is mandatory',
      at: one(),
      beyond: one({}, {}, { redirect: undefined }),
      names: '`redirect` is missing',
    },
    {
      title: 'H8 the agency is mandatory',
      at: one({ agency: 'a' }),
      beyond: one({ agency: undefined }),
      names: 'rules[0].redirect: `agency` is missing',
    },
    {
      title: 'H8 the agency has a name',
      at: one({ agency: 'a' }),
      beyond: one({ agency: '' }),
      names: '`agency` is empty',
    },
    {
      title: 'H9 a public source is mandatory, no other one is known',
      at: one(),
      beyond: one({ publicSource: undefined, privateSource: {} }),
      names: '`publicSource.sourceEndpoint` is missing',
    },
    {
      title: 'H10 a rule has at most five masters',
      at: sources(sites(5)),
      beyond: sources(sites(6)),
      names: '`master`: at most 5 addresses',
    },
    {
      title: 'H10 a rule has at least one master',
      at: sources(sites(1)),
      beyond: sources([], sites(1)),
      names: '`master` is missing',
    },
    {
      title: 'H10 an address has at most 255 characters',
      at: sources([`http://${'a.'.repeat(120)}${'a'.repeat(8)}`]),
      beyond: sources([`http://${'a.'.repeat(120)}${'a'.repeat(9)}`]),
      names: 'an address has 10 to 255 characters, got 256',
    },
    {
      title: 'H10 an address has at least 10 characters',
      at: sources(['http://a.b']),
      beyond: sources(['http://ab']),
      names: 'an address has 10 to 255 characters, got 9',
    },
    {
      title: 'H10 an address names http or https',
      at: sources(['https://m.example']),
      beyond: sources(['m.example.com']),
      names: 'sourceEndpoint.master[0]',
    },
    {
      title: 'H11 a rule has at most five slaves',
      at: sources(sites(1), sites(5)),
      beyond: sources(sites(1), sites(6)),
      names: '`slave`: at most 5 addresses',
    },
    {
      title: 'H16 there are at most twenty conditions',
      at: one({ retryConditions: codes(20) }),
      beyond: one({ retryConditions: codes(21) }),
      names: '`retryConditions`: at most 20',
    },
    {
      title: 'H16 a condition is a status from 400 to 599',
      at: one({ retryConditions: ['400', '599'] }),
      beyond: one({ retryConditions: ['600'] }),
      names: 'retryConditions[0]: expected 4XX, 5XX or a status from 400 to 599',
    },
    {
      title: 'H16 4XX stands beside none of its codes',
      at: one({ retryConditions: ['4XX', '5XX'] }),
      beyond: one({ retryConditions: ['4XX', '404'] }),
      names: '404 is part of 4XX',
    },
    {
      title: 'H16 5XX stands beside none of its codes',
      at: one({ retryConditions: ['4XX', '503'] }),
      beyond: one({ retryConditions: ['503', '5XX'] }),
      names: '503 is part of 5XX',
    },
    {
      title: 'H35 the name of a VPC endpoint service has at most 127 characters',
      at: one({ vpcEndpointURN: 'x'.repeat(127) }),
      beyond: one({ vpcEndpointURN: 'x'.repeat(128) }),
      names: 'vpcEndpointURN: is longer than 127',
    },
  ]);
});

describe('a PUT of OBS: headers and keys', () => {
  holdsLimits('obs', [
    {
      title: 'H24 passAll and pass exclude each other where passAll is true',
      at: headers({ passAll: false, pass: ['x-a'] }),
      beyond: headers({ passAll: true, pass: ['x-a'] }),
      names: '`passAll` and `pass` contradict each other',
    },
    ...['pass', 'remove'].flatMap((list) => [
      {
        title: `H26 H27 at most ten names stand in ${list}`,
        at: headers({ [list]: names(10) }),
        beyond: headers({ [list]: names(11) }),
        names: `11 headers to ${list}`,
      },
      {
        title: `H26 H27 a name in ${list} has at most 63 characters`,
        at: headers({ [list]: ['x'.repeat(63)] }),
        beyond: headers({ [list]: ['x'.repeat(64)] }),
        names: `mirrorHttpHeader.${list}[0]`,
      },
      {
        title: `H26 H27 a name in ${list} has letters, digits, - and _ only`,
        at: headers({ [list]: ['X_a-9'] }),
        beyond: headers({ [list]: ['x.a'] }),
        names: `mirrorHttpHeader.${list}[0]`,
      },
    ]),
    {
      title: 'H28 at most ten headers are set',
      at: set(...names(10).map((name) => [name, 'v'] as const)),
      beyond: set(...names(11).map((name) => [name, 'v'] as const)),
      names: '11 headers to set',
    },
    {
      title: 'H28 a header is set once',
      at: set(['x-a', '1'], ['x-b', '2']),
      beyond: set(['x-a', '1'], ['X-A', '2']),
      names: '`x-a` is set twice',
    },
    {
      title: 'H28 a name has at most 63 characters',
      at: set(['x'.repeat(63), 'v']),
      beyond: set(['x'.repeat(64), 'v']),
      names: 'mirrorHttpHeader.set[0].key',
    },
    {
      title: 'H28 a value has at most 2048 characters, and may be empty',
      at: set(['x-a', 'v'.repeat(2048)], ['x-b', '']),
      beyond: set(['x-a', 'v'.repeat(2049)]),
      names: 'mirrorHttpHeader.set[0].value: is longer than 2048',
    },
    {
      title: 'H30 replaceKeyWith holds ${key} once',
      at: one({ replaceKeyWith: '${key}' }),
      beyond: one({ replaceKeyWith: 'prefix' }),
      names: 'replaceKeyWith: expected exactly one ${key}',
    },
    {
      // A template of the rules file has at most 1024 bytes with its token, five less than OBS allows.
      title: 'H30 prefix and suffix have a limit together',
      at: one({ replaceKeyWith: `${'p'.repeat(1000)}\${key}${'s'.repeat(23)}` }),
      beyond: one({ replaceKeyWith: `${'p'.repeat(1000)}\${key}${'s'.repeat(24)}` }),
      names: 'replaceKeyWith: is longer than',
    },
    {
      title: 'H31 replaceKeyPrefixWith has at most 1023 characters',
      at: one({ replaceKeyPrefixWith: 'p'.repeat(1023) }),
      beyond: one({ replaceKeyPrefixWith: 'p'.repeat(1024) }),
      names: 'replaceKeyPrefixWith: is longer than 1023',
    },
    {
      title:
        'H32 one of replaceKeyWith and replaceKeyPrefixWith is given, as in no sample of Huawei',
      at: one({ replaceKeyWith: '', replaceKeyPrefixWith: 'picture/' }),
      beyond: one({ replaceKeyWith: 'prefix${key}suffix', replaceKeyPrefixWith: 'picture/' }),
      names: '`replaceKeyWith` and `replaceKeyPrefixWith` contradict each other',
    },
  ]);
});

describe('a PUT of OBS', () => {
  test('what the SDKs leave out or send as null is no fault', () => {
    const document = one(
      { publicSource: { sourceEndpoint: { master: ['https://m.example'], slave: null } } },
      { objectKeyPrefixEquals: null },
    );
    expect(rulesPut('obs', document)).toMatchObject([{ id: 'r1', action: 'mirror' }]);
  });

  test('differing agencies are taken, and told', () => {
    const two = file(rule(), { ...named('r2', 'b/'), redirect: rule({ agency: 'b' }).redirect });
    expect(rulesPut('obs', two)).toHaveLength(2);
  });

  test('a document of another shape is refused', () => {
    expect(refusalOf('obs', [])).toContain('expected an object, got a list');
    expect(refusalOf('obs', {})).toContain('`rules` is missing');
  });
});
