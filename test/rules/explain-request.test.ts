import { describe, expect, it } from 'vitest';

import { objectKey } from '../../src/model/object-key.ts';
import { type ClientRequest, plainRequest } from '../../src/rules/client-request.ts';
import { explainKey, type Explanation } from '../../src/rules/explain-key.ts';
import { explainTable, explainText } from '../../src/rules/explain-text.ts';
import { rulesOf } from './rules-of.ts';

const O = 'origins: { masters: ["https://o.example/"] }';

/** A file with one rule of these flow fields and, unless they name one, a master. */
function fileOf(rule: string): string {
  const fields = ['id: a', rule, rule.includes('origins:') ? '' : O].filter((part) => part !== '');
  return `rules: [{ ${fields.join(', ')} }]`;
}

function explained(rule: string, request: Partial<ClientRequest> = {}, key = 'a.jpg'): Explanation {
  const rules = rulesOf(fileOf(rule));
  return explainKey(rules, { ...plainRequest(objectKey(key)), ...request });
}

describe('explaining a request', () => {
  it('B26 passes the query on where the rule says so, without its signature', () => {
    const query = 'v=1&X-Amz-Signature=hush';
    expect(explained('', { query }).originUrls).toEqual(['https://o.example/a.jpg']);
    const passes = explained('request: { passQuery: true }', { query });
    expect(passes.originUrls).toEqual(['https://o.example/a.jpg?v=1']);
    const masters = 'origins: { masters: [{ env: M }, "s3://old-bucket/"] }';
    const elsewhere = explained(`request: { passQuery: true }, ${masters}`, { query });
    expect(elsewhere.originUrls).toEqual(['${M}/a.jpg?v=1', 's3://old-bucket/a.jpg']);
  });

  it('stores what a passed query or header may have changed only with variants any', () => {
    const query = { query: 'v=1' };
    const plain = explained('request: { passQuery: true }', query);
    expect(plain.storedKey).toBeNull();
    expect(plain.reason).toContain('served, not stored: its query is passed on');
    const any = 'request: { passQuery: true }, store: { variants: any }';
    expect(explained(any, query).storedKey).toBe('a.jpg');
    const signed = { query: 'Signature=hush' };
    expect(explained('request: { passQuery: true }', signed).storedKey).toBe('a.jpg');
    const headers = { headers: { 'x-device': 'tv' } };
    const passes = 'request: { headers: { pass: [x-device] } }';
    expect(explained(passes, headers)).toMatchObject({
      requestHeaders: headers.headers,
      storedKey: null,
    });
    expect(explained(passes).storedKey).toBe('a.jpg');
  });

  it('H21 answers HEAD from the origin and stores nothing; a rule may leave HEAD out', () => {
    expect(explained('', { method: 'HEAD' })).toMatchObject({
      rule: 'a',
      storedKey: null,
      originUrls: ['https://o.example/a.jpg'],
    });
    expect(explained('match: { methods: [GET] }', { method: 'HEAD' })).toMatchObject({
      rule: null,
      reason: expect.stringContaining('it takes GET, not HEAD') as string,
    });
  });

  it('says that bulk commands take a key which this request does not get', () => {
    const { rule, reason } = explained('match: { headers: [{ name: x, equals: y }] }');
    expect(rule).toBeNull();
    expect(reason).toContain('the header x is not `y`');
    expect(reason).toContain('bulk commands go by the key alone: to them `a` takes it');
    const headers = { headers: { x: 'y' } };
    expect(explained('match: { headers: [{ name: x, equals: y }] }', headers).rule).toBe('a');
  });

  it('H34 stores under the requested key whatever the origin is asked for', () => {
    const rule = 'match: { keyPrefix: video/ }, key: { replacePrefix: picture/, addSuffix: .bak }';
    expect(explained(rule, {}, 'video/a')).toMatchObject({
      originUrls: ['https://o.example/picture/a.bak'],
      storedKey: 'video/a',
    });
  });

  it('O2 mirrors or redirects, by the rule’s action', () => {
    expect(explained('')).toMatchObject({ action: 'mirror', redirect: null, storedKey: 'a.jpg' });
    expect(explained('action: redirect')).toMatchObject({
      action: 'redirect',
      redirect: { status: 302, location: 'https://o.example/a.jpg' },
      storedKey: null,
    });
    expect(explained('action: redirectAndFetch')).toMatchObject({
      redirect: { status: 302, location: 'https://o.example/a.jpg' },
      storedKey: 'a.jpg',
    });
  });

  it('redirects to the first master, with the query where the rule passes it', () => {
    const query = { query: 'v=1' };
    const passes = 'action: redirect, redirect: { passQuery: true }';
    expect(explained(passes, query).redirect?.location).toBe('https://o.example/a.jpg?v=1');
    expect(explained('action: redirect', query).redirect?.location).toBe('https://o.example/a.jpg');
    const secret = explained(`${passes}, origins: { masters: [{ env: M }] }`, query);
    expect(secret.redirect?.location).toBe('${M}/a.jpg?v=1');
    const s3 = explained('action: redirect, origins: { masters: ["s3://old-bucket/"] }');
    expect(s3.redirect).toBeNull();
    expect(s3.reason).toContain('no http(s) address');
    expect(explained('action: redirect', {}, '../a').reason).toContain('KEY_INVALID');
  });

  it('names the key of the bucket that answers for a rewritten one', () => {
    expect(explained('action: rewrite, key: { fixed: 404.html }, origins: {}')).toMatchObject({
      originUrls: [],
      storedKey: null,
      reason: "it takes every key; the bucket's `404.html` answers",
    });
  });

  it('tells what follows a 404 of every origin', () => {
    expect(explained('afterMiss: redirect').reason).toContain(
      'where every origin says 404: 302 to https://o.example/a.jpg',
    );
    expect(explained('afterMiss: nextRule').reason).toContain('no rule goes on');
    const rules = rulesOf(`rules: [{ id: a, afterMiss: nextRule, ${O} }, { id: b, ${O} }]`);
    expect(explainKey(rules, objectKey('x')).reason).toContain('`b` goes on');
  });

  it('names ten of the rules that do not match, and counts the others', () => {
    const rule = (id: number) => `{ id: r${id}, action: "off", match: { keyPrefix: ${id}/ } }`;
    const rules = rulesOf(`rules: [${Array.from({ length: 12 }, (_, id) => rule(id)).join(', ')}]`);
    expect(explainKey(rules, objectKey('x')).reason).toMatch(/`r9`: [^;]+; 2 more$/);
    expect(explainKey(rules, objectKey('11/x')).reason).toMatch(/`r9` \([^)]+\), 1 more$/);
    expect(explainKey(rules, objectKey('10/x')).reason).toMatch(/`r9` \([^)]+\)$/);
  });

  it('O16 keeps the address’s name in URL and Host while another one is dialled', () => {
    const master =
      '{ url: "https://old.example/", connectTo: 203.0.113.7, hostHeader: www.example.com }';
    expect(explained(`origins: { masters: [${master}] }`)).toMatchObject({
      originUrls: ['https://old.example/a.jpg'],
      requestHeaders: { host: 'www.example.com' },
    });
  });
});

describe('in words', () => {
  const words = (rule: string, request: Partial<ClientRequest> = {}) => {
    const rules = rulesOf(fileOf(rule));
    return explainText(
      explainKey(rules, { ...plainRequest(objectKey('a.jpg')), ...request }),
      rules,
    );
  };

  it.each([
    ['store: {}', 'answers from the origin and stores it'],
    ['action: proxy', 'answers from the origin, stores nothing'],
    ['action: redirect', 'redirects with 302, stores nothing'],
    ['action: redirectAndFetch', 'redirects with 302 and fetches it'],
    ['action: rewrite, key: { fixed: b }', 'answers with another key of the bucket'],
    ['action: "off"', 'answers as the bucket does'],
    ['match: { keyPrefix: z/ }', 'answers as the bucket does'],
    ['action: redirect, origins: { masters: ["s3://old-bucket/"] }', 'cannot redirect it'],
  ])('serve, with { %s }, %s', (rule, expected) => {
    expect(words(rule)).toContain(`\n  serve      ${expected}`);
  });

  it('migrate goes by the key alone', () => {
    const rule = 'match: { methods: [GET] }';
    expect(words(rule, { method: 'HEAD' })).toContain('\n  migrate    copies it unless');
  });

  it('a table has a line for each key, and columns that stand under each other', () => {
    const rules = rulesOf(
      `rules: [{ id: pics, match: { keySuffix: .jpg }, ${O} }, { id: moved, match: { keyPrefix: m/ }, action: redirect, ${O} }]`,
    );
    const keys = ['a.jpg', 'm/x', 'else\n\u001b[31m'];
    const table = explainTable(keys.map((key) => explainKey(rules, objectKey(key))));
    const line = (key: string, rest: string) => `${key.padEnd(20)}  ${rest}`;
    expect(table.split('\n')).toEqual([
      line('KEY', 'RULE   ACTION    STORED AS  ORIGIN'),
      line('a.jpg', 'pics   mirror    a.jpg      https://o.example/a.jpg'),
      line('m/x', 'moved  redirect  -          https://o.example/m/x'),
      line('else\\u000A\\u001B[31m', '-      -         -          -'),
    ]);
  });

  it('a table’s columns stand under each other where characters are two columns wide', () => {
    const rules = rulesOf(`rules: [{ id: a, ${O} }]`);
    const keys = ['图片.jpg', 'b'].map(objectKey);
    const lines = explainTable(keys.map((key) => explainKey(rules, key))).split('\n');
    expect(lines.slice(1).map((line) => line.slice(0, line.indexOf('mirror')))).toEqual([
      '图片.jpg  a     ',
      'b         a     ',
    ]);
  });

  it('a key cannot write lines of its own', () => {
    const rules = rulesOf(`rules: [{ id: a, ${O} }]`);
    const text = explainText(explainKey(rules, objectKey('a\n  rule  b\u202E')), rules);
    expect(text.split('\n')[0]).toBe('a\\u000A  rule  b\\u202E');
  });
});
