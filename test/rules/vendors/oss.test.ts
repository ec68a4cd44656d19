import { describe, expect, test } from 'vitest';

import { addressesOf, imported, refusal, ruleFrom, urlsFor } from './imported.ts';

const website = (...rules: readonly string[]) =>
  `<WebsiteConfiguration><RoutingRules>${rules.join('')}</RoutingRules></WebsiteConfiguration>`;

function routing(redirect: string, condition = '', number = ''): string {
  const numbered = number === '' ? '' : `<RuleNumber>${number}</RuleNumber>`;
  return `<RoutingRule>${numbered}<Condition>${condition}</Condition><Redirect>${redirect}</Redirect></RoutingRule>`;
}

const NOT_FOUND = '<HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals>';
const PREFIX = '<KeyPrefixEquals>abc/</KeyPrefixEquals>';
const URL_FIELD = '<MirrorURL>http://www.example-domain.com/</MirrorURL>';

/** A mirror rule on 404 below `abc/`. */
const mirror = (more = '', url = URL_FIELD) =>
  website(routing(`<RedirectType>Mirror</RedirectType>${url}${more}`, PREFIX + NOT_FOUND));
const external = (more: string, condition = PREFIX) =>
  website(routing(`<RedirectType>External</RedirectType>${more}`, condition));

describe('the rules as a whole', () => {
  test('O1 rules go by their numbers, and more than five are told', () => {
    const five = ['5', '3', '1', '2', '4'].map((number) =>
      routing(`<RedirectType>Mirror</RedirectType>${URL_FIELD}`, NOT_FOUND, number),
    );
    const ids = imported('oss', website(...five)).rules.rules.map(({ id }) => id);
    expect(ids).toEqual(['oss-1', 'oss-2', 'oss-3', 'oss-4', 'oss-5']);
    expect(imported('oss', website(...five)).warnings).toContain('moved: rules go by');
    expect(imported('oss', website(...five)).warnings).not.toContain('allow 5 only');
    const six = [...five, five[0]?.replace('>5<', '>6<') ?? ''];
    expect(imported('oss', website(...six)).warnings).toContain('6 rules');
    expect(refusal('oss', website(...five, five[0] ?? ''))).toContain('5 stands twice');
  });

  test('O2 mirror, redirect and rewrite are told apart, other types are refused', () => {
    expect(ruleFrom('oss', mirror()).action).toBe('mirror');
    const target = '<Protocol>http</Protocol><HostName>o.example</HostName>';
    expect(ruleFrom('oss', external(target)).action).toBe('redirect');
    const inside = '<RedirectType>Internal</RedirectType><ReplaceKeyWith>x</ReplaceKeyWith>';
    expect(ruleFrom('oss', website(routing(inside))).action).toBe('rewrite');
    expect(refusal('oss', website(routing(`${inside}<HostName>h</HostName>`)))).toContain(
      'Internal',
    );
    const other = '<RedirectType>Teleport</RedirectType>';
    expect(refusal('oss', website(routing(other)))).toContain('RedirectType');
  });

  test('O3 a mirror runs on 404 only', () => {
    expect(ruleFrom('oss', mirror()).match.statuses).toEqual([404]);
    expect(refusal('oss', mirror().replace('404', '403'))).toContain('on 404 only');
  });
});

describe('what contradicts itself or goes beyond OSS', () => {
  test('more than 20 rules, ten headers of a kind, or ten header conditions are told', () => {
    const rules = Array.from({ length: 21 }, () =>
      routing(`<RedirectType>Mirror</RedirectType>${URL_FIELD}`, NOT_FOUND),
    );
    expect(imported('oss', website(...rules)).warnings).toContain(
      'RoutingRules: 21 rules; OSS allows at most 20',
    );
    const pass = (count: number) =>
      mirror(
        `<MirrorHeaders>${Array.from({ length: count }, (_, at) => `<Pass>x-${at}</Pass>`).join('')}</MirrorHeaders>`,
      );
    expect(imported('oss', pass(11)).warnings).toContain(
      'MirrorHeaders: 11 headers to pass; the vendor allows at most 10',
    );
    expect(imported('oss', pass(10)).warnings).toBe('');
    const header = '<IncludeHeader><Key>x-a</Key><Equals>1</Equals></IncludeHeader>';
    const condition = (count: number) =>
      mirror().replace(NOT_FOUND, NOT_FOUND + header.repeat(count));
    expect(imported('oss', condition(11)).warnings).toContain('11 IncludeHeader; the vendor');
    expect(imported('oss', condition(10)).warnings).toBe('');
  });

  test('a MirrorURL without RedirectType is refused, naming both', () => {
    const document = mirror().replace('<RedirectType>Mirror</RedirectType>', '');
    expect(refusal('oss', document)).toContain('`MirrorURL` without `RedirectType`');
  });

  test.each([
    ['MirrorTaggings', 'Taggings', 'k'],
    ['MirrorReturnHeaders', 'ReturnHeader', 'x-k'],
  ])('a key that stands twice in %s is refused', (list, item, key) => {
    const pair = (value: string) => `<${item}><Key>${key}</Key><Value>${value}</Value></${item}>`;
    const line = refusal('oss', mirror(`<${list}>${pair('1')}${pair('2')}</${list}>`));
    expect(line).toContain(`${list}.${item}[1]: \`${key}\` is set twice`);
  });

  test.each([
    ['Condition', '<Condition/>', ''],
    ['RedirectType', '<RedirectType>Mirror</RedirectType>', 'Redirect'],
    ['MirrorURL', URL_FIELD, 'Redirect'],
    ['KeyPrefixEquals', PREFIX, 'Condition'],
    ['HttpErrorCodeReturnedEquals', NOT_FOUND, 'Condition'],
  ])('an element %s that stands twice is refused', (name, element, parent) => {
    const where = parent === '' ? '</RoutingRule>' : `</${parent}>`;
    const document = mirror().replace(where, `${element}${where}`);
    expect(refusal('oss', document)).toBe(
      `in: RoutingRules.RoutingRule${parent && `.${parent}`}: \`${name}\` stands 2 times; keep one`,
    );
  });
});

describe('the origin of a mirror', () => {
  test.each([
    ['http://www.example-domain.com/', 'http://www.example-domain.com/abc/x.jpg'],
    ['http://www.example-domain.com/dir1/', 'http://www.example-domain.com/dir1/abc/x.jpg'],
    ['http://www.example-domain.com/dir1', 'http://www.example-domain.com/dir1/abc/x.jpg'],
  ])('O4 below %s the key stands behind the address', (url, expected) => {
    const document = mirror('', `<MirrorURL>${url}</MirrorURL>`);
    expect(urlsFor('oss', document, 'abc/x.jpg')).toEqual([expected]);
    expect(imported('oss', document).warnings.includes('does not end')).toBe(!url.endsWith('/'));
  });

  test('a missing MirrorURL, and one without scheme, are refused', () => {
    expect(refusal('oss', mirror('', ''))).toContain('`MirrorURL` is missing');
    expect(refusal('oss', mirror('', '<MirrorURL>o.example/</MirrorURL>'))).toContain('no scheme');
  });

  test('alternates are masters by their numbers, the slave is a slave, the probe its check', () => {
    const alternate = (number: number) =>
      `<MirrorMultiAlternate><MirrorMultiAlternateNumber>${number}</MirrorMultiAlternateNumber><MirrorMultiAlternateURL>http://m${number}.example/</MirrorMultiAlternateURL></MirrorMultiAlternate>`;
    const document = mirror(
      `<MirrorURLSlave>http://s.example/</MirrorURLSlave><MirrorURLProbe>http://s.example/hb</MirrorURLProbe><MirrorMultiAlternates>${alternate(9)}${alternate(2)}</MirrorMultiAlternates>`,
    );
    const { rules } = imported('oss', document).rules;
    expect(addressesOf(rules, 'masters')).toEqual([
      'http://www.example-domain.com/',
      'http://m2.example/',
      'http://m9.example/',
    ]);
    expect(addressesOf(rules, 'slaves')).toEqual(['http://s.example/']);
    expect(rules[0]?.origins?.maxAddresses).toBe(4);
    expect(rules[0]?.origins?.healthCheck?.url).toBe('http://s.example/hb');
  });

  test.each([
    ['true', ['4XX', '5XX'], [404]],
    ['false', ['5XX'], []],
  ])('MirrorSwitchAllErrors %s', (flag, retryOn, neverRetryOn) => {
    const document = mirror(`<MirrorSwitchAllErrors>${flag}</MirrorSwitchAllErrors>`);
    expect(ruleFrom('oss', document).origins).toMatchObject({ retryOn, neverRetryOn });
  });

  test('MirrorAuth makes it an S3 origin with keys from the environment', () => {
    const auth =
      '<MirrorAuth><AuthType>S3V4</AuthType><Region>r1</Region><AccessKeyId>AKIDX</AccessKeyId><AccessKeySecret>hunter2</AccessKeySecret></MirrorAuth>';
    const url = '<MirrorURL>https://media.s3.store.example/p/</MirrorURL>';
    const { yaml, warnings } = imported('oss', mirror(auth, url));
    expect(yaml).toContain('url: s3://media/p/');
    expect(yaml).toContain('credentials: { env: OSS_1_ORIGIN }');
    expect(warnings).toContain('OSS_1_ORIGIN_ACCESS_KEY_ID');
    expect(`${yaml}${warnings}`).not.toMatch(/AKIDX|hunter2/);
    const unknown = imported('oss', mirror(auth, '<MirrorURL>https://o.example/</MirrorURL>'));
    expect(unknown.warnings).toContain('MirrorAuth: dropped');
    expect(`${unknown.yaml}${unknown.warnings}`).not.toMatch(/AKIDX|hunter2/);
  });
});

describe('what a mirror sends and keeps', () => {
  test('O7 neither headers nor query are sent unless the rule says so', () => {
    const { request } = ruleFrom('oss', mirror());
    expect(request).toMatchObject({ passQuery: false, headers: { passAll: false, pass: [] } });
    const asked = mirror('<PassQueryString>True</PassQueryString>');
    expect(ruleFrom('oss', asked)).toMatchObject({
      request: { passQuery: true },
      store: { variants: 'any' },
    });
  });

  test('MirrorPassQueryString is stronger than PassQueryString, with a warning', () => {
    const document = mirror(
      '<PassQueryString>true</PassQueryString><MirrorPassQueryString>False</MirrorPassQueryString>',
    );
    expect(ruleFrom('oss', document).request.passQuery).toBe(false);
    expect(imported('oss', document).warnings).toContain('MirrorPassQueryString decides');
  });

  test('O9 the seven headers are kept, and metadata only with MirrorSaveOssMeta', () => {
    const { store } = ruleFrom('oss', mirror());
    expect(store.headers.toSorted()).toEqual([
      'access-control-allow-origin',
      'cache-control',
      'content-disposition',
      'content-encoding',
      'content-language',
      'content-type',
      'expires',
    ]);
    expect(store.userMetadata).toBe(false);
    const saving = mirror('<MirrorSaveOssMeta>true</MirrorSaveOssMeta>');
    expect(ruleFrom('oss', saving).store.userMetadata).toBe(true);
  });

  test('O8 a chunked origin is fine', () => {
    expect(ruleFrom('oss', mirror()).store.requireLength).toBe(false);
  });

  test('O10 copies are marked with x-oss-tag', () => {
    expect(ruleFrom('oss', mirror()).response.ossTag).toBe(true);
  });

  test('O13 failures are answered with 424', () => {
    expect(ruleFrom('oss', mirror()).response.onError).toBe(424);
  });

  test('redirects are followed and HEAD is not mirrored unless the rule says otherwise', () => {
    expect(ruleFrom('oss', mirror())).toMatchObject({
      match: { methods: ['GET'] },
      request: { followRedirects: true, maxRedirects: 10 },
    });
    const document = mirror(
      '<MirrorFollowRedirect>False</MirrorFollowRedirect><MirrorAllowHeadObject>True</MirrorAllowHeadObject>',
    );
    expect(ruleFrom('oss', document)).toMatchObject({
      match: { methods: ['GET', 'HEAD'] },
      request: { followRedirects: false },
    });
  });

  test('leading slashes are kept where MirrorPassOriginalSlashes is true', () => {
    const document = mirror('<MirrorPassOriginalSlashes>true</MirrorPassOriginalSlashes>');
    expect(ruleFrom('oss', document).key.slashes).toBe('keepLeading');
    expect(imported('oss', document).warnings).toContain(
      'MirrorPassOriginalSlashes: OSS stores such a key without its leading slashes',
    );
    expect(imported('oss', document.replace('true', 'false')).warnings).toBe('');
  });

  test.each([
    '<MirrorRole>r</MirrorRole>',
    '<MirrorTunnelId>t</MirrorTunnelId>',
    '<MirrorAsyncStatus>303</MirrorAsyncStatus>',
    '<MirrorUserLastModified>true</MirrorUserLastModified>',
    '<LuaConfig><Script>a.lua</Script></LuaConfig>',
    '<SomethingNew>1</SomethingNew>',
  ])('%s is dropped with a warning', (field) => {
    expect(imported('oss', mirror(field)).warnings).toContain('dropped');
    expect(imported('oss', mirror(field.replace(/>[^<]+</, '><'))).warnings).toBe('');
  });
});

describe('the key', () => {
  const replace = (text: string, enable = '<EnableReplacePrefix>true</EnableReplacePrefix>') =>
    urlsFor(
      'oss',
      mirror(`${enable}<ReplaceKeyPrefixWith>${text}</ReplaceKeyPrefixWith>`),
      'abc/x',
    );

  test('a matched prefix is replaced, and cut off where it is replaced by nothing', () => {
    expect(replace('def/')).toEqual(['http://www.example-domain.com/def/x']);
    expect(replace('')).toEqual(['http://www.example-domain.com/x']);
    expect(replace('', '')).toEqual(['http://www.example-domain.com/abc/x']);
    const off = '<EnableReplacePrefix>false</EnableReplacePrefix>';
    expect(replace('def/', off)).toEqual(['http://www.example-domain.com/abc/x']);
  });

  test('both replacements are refused, naming both', () => {
    const both =
      '<ReplaceKeyWith>a/${key}</ReplaceKeyWith><ReplaceKeyPrefixWith>b/</ReplaceKeyPrefixWith>';
    for (const document of [mirror(both), external(`<HostName>h.example</HostName>${both}`)]) {
      expect(refusal('oss', document)).toContain(
        '`ReplaceKeyWith` and `ReplaceKeyPrefixWith` contradict each other',
      );
    }
  });
});

describe('redirects', () => {
  const target = '<Protocol>http</Protocol><HostName>o.example</HostName>';

  test('O17 a redirect is by status, or by prefix alone, also where the object exists', () => {
    expect(ruleFrom('oss', external(target)).match.statuses).toBe('any');
    for (const status of [404, 500]) {
      const condition = NOT_FOUND.replace('404', String(status));
      expect(ruleFrom('oss', external(target, condition)).match.statuses).toEqual([status]);
    }
    const page = external(`${target}<ReplaceKeyWith>sorry.html</ReplaceKeyWith>`, NOT_FOUND);
    expect(urlsFor('oss', page, 'any/key')).toEqual(['http://o.example/sorry.html']);
  });

  test('O18 statuses are 400 to 599, codes 3xx, and the key is rewritten as for mirrors', () => {
    for (const status of ['200', '600']) {
      const condition = NOT_FOUND.replace('404', status);
      expect(refusal('oss', external(target, condition))).toContain('400 to 599');
    }
    const code = (text: string) =>
      external(`${target}<HttpRedirectCode>${text}</HttpRedirectCode>`);
    expect(ruleFrom('oss', code('307')).redirect.status).toBe(307);
    expect(ruleFrom('oss', external(target)).redirect.status).toBe(301);
    expect(refusal('oss', code('404'))).toContain('300 to 399');
    const moved = external(`${target}<ReplaceKeyPrefixWith>def/</ReplaceKeyPrefixWith>`);
    expect(urlsFor('oss', moved, 'abc/x')).toEqual(['http://o.example/def/x']);
  });
});
