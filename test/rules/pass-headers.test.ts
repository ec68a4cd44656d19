import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { passedHeaders, clientRequestHeaders } from '../../src/rules/pass-headers.ts';
import { requestHeaders } from '../../src/rules/request-headers.ts';
import { errorsOf, ruleErrors, ruleOf } from './rules-of.ts';

const CLIENT = {
  'user-agent': 'curl',
  accept: '*/*',
  cookie: 'session=1',
  'x-device': 'tv',
  'content-encoding': 'gzip',
};

const policyOf = (headers: string) =>
  ruleOf(`request: { headers: { ${headers} } }`).request.headers;
const passed = (headers: string, client: Record<string, string> = CLIENT) =>
  passedHeaders(policyOf(headers), client);

/** Names that never go along unless said otherwise (contract, rules file, 5). */
const DENIED = [
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-authorization',
  'content-length',
  'host',
  'authorization',
  'authorization2',
  'date',
  'content-md5',
  'range',
  'expect',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-range',
  'accept-encoding',
  'forwarded',
  'x-forwarded-for',
  'x-bucketfill-loop',
  'x-amz-date',
  'x-obs-acl',
  'x-oss-meta-a',
  'oss-a',
  'x-drs-a',
  'x-bce-date',
  'x-cos-acl',
  'x-tos-a',
];

describe('what of a client’s headers goes to an origin', () => {
  it('O7 is nothing, unless the rule says so', () => {
    expect(passed('')).toEqual({});
  });

  it('B6 is nothing by default, and neither is the query', () => {
    const { request } = ruleOf('');
    expect(passedHeaders(request.headers, CLIENT)).toEqual({});
    expect(request.passQuery).toBe(false);
  });

  it('H22 is nothing where the rule says nothing about headers', () => {
    expect(passedHeaders(ruleOf('request: {}').request.headers, CLIENT)).toEqual({});
  });

  it('H26 is what pass names, letter case aside', () => {
    expect(passed('pass: [X-Device, x-absent]')).toEqual({ 'x-device': 'tv' });
  });

  it.each(DENIED)('H23 is never %s, not even with passAll', (name) => {
    expect(passed('passAll: true', { [name]: 'x', accept: '*/*' })).toEqual({ accept: '*/*' });
  });

  it('H25 is a standard header where pass names it', () => {
    expect(passed('pass: [content-encoding]')).toEqual({ 'content-encoding': 'gzip' });
  });

  it('is a cookie only where pass names it', () => {
    expect(passed('passAll: true')).not.toHaveProperty('cookie');
    expect(passed('passAll: true, pass: [cookie]')).toEqual(CLIENT);
    expect(passed('pass: [cookie]')).toEqual({ cookie: 'session=1' });
  });

  it('H27 is nothing that remove names, whatever pass and passAll say', () => {
    expect(passed('pass: [accept, x-device], remove: [Accept]')).toEqual({ 'x-device': 'tv' });
    expect(passed('passAll: true, pass: [cookie], remove: [cookie, accept]')).toEqual({
      'user-agent': 'curl',
      'x-device': 'tv',
      'content-encoding': 'gzip',
    });
  });

  it('is nothing that belongs to the client’s own connection', () => {
    const client = { connection: 'close, X-Device', 'x-device': 'tv', accept: '*/*' };
    expect(passed('passAll: true', client)).toEqual({ accept: '*/*' });
    expect(passed('pass: [x-device]', client)).toEqual({});
  });

  it('is nothing that could not be sent', () => {
    expect(passed('passAll: true', { 'x-a': 'a\r\nx-b: c', 'x c': 'd' })).toEqual({});
  });
});

describe('the headers of an origin request', () => {
  const sent = (headers: string) => {
    const rule = ruleOf(`request: { headers: { ${headers} } }`);
    const set = requestHeaders(rule, { SECRET: 'hush' });
    return clientRequestHeaders(rule.request.headers, CLIENT, set);
  };

  it('H28 are set over what is removed and passed', () => {
    expect(
      sent('passAll: true, remove: [accept], set: { Accept: image/png, x-device: pc }').headers,
    ).toEqual({
      'user-agent': 'curl',
      'content-encoding': 'gzip',
      accept: 'image/png',
      'x-device': 'pc',
    });
  });

  it('keep count of which values are secrets', () => {
    const { headers, secrets } = sent('pass: [accept], set: { x-key: { env: SECRET } }');
    expect(headers).toEqual({ accept: '*/*', 'x-key': 'hush' });
    expect([...secrets]).toEqual(['x-key']);
  });

  it('B28 are, for every policy, set before removed before passed', () => {
    const all: readonly string[] = ['x-a', 'x-b', 'x-c', 'accept'];
    const names = fc.subarray([...all]);
    fc.assert(
      fc.property(
        fc.boolean(),
        names,
        names,
        names,
        names,
        (passAll, pass, remove, set, client) => {
          const values = Object.fromEntries(client.map((one) => [one, 'client']));
          const ours = Object.fromEntries(set.map((one) => [one, 'set']));
          const { headers } = clientRequestHeaders({ passAll, pass, remove, set: [] }, values, {
            headers: ours,
            secrets: new Set(),
          });
          for (const one of all) {
            const isPassed = client.includes(one) && (passAll || pass.includes(one));
            const fromClient = isPassed && !remove.includes(one) ? 'client' : undefined;
            expect(headers[one]).toBe(set.includes(one) ? 'set' : fromClient);
          }
        },
      ),
    );
  });
});

describe('a rule that names a header of the deny list', () => {
  it.each(['Content-Length', 'Authorization', 'Range', 'Date', 'Content-MD5', 'Host', 'x-bce-a'])(
    'B7 is refused for %s, to pass and to set',
    (name) => {
      expect(ruleErrors(`request: { headers: { pass: [${name}] } }`)).toHaveLength(1);
      expect(ruleErrors(`request: { headers: { set: { ${name}: a } } }`)).toHaveLength(1);
    },
  );

  it('may remove it, and one name cannot be set twice', () => {
    expect(ruleErrors('request: { headers: { remove: [range, cookie] } }')).toEqual([]);
    expect(
      errorsOf(
        'rules: [{ id: a, action: "off", request: { headers: { set: { X-A: "1", x-a: "2" } } } }]',
      ),
    ).toHaveLength(1);
  });
});
