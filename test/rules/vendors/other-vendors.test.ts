import { describe, expect, test } from 'vitest';

import { addressesOf, imported, refusal, ruleFrom, urlsFor } from './imported.ts';

const encoded = (text: string) => Buffer.from(text).toString('base64url');

describe('Qiniu', () => {
  test('several sources are masters in order, with the host for each', () => {
    const document = { source: 'http://a.example;http://b.example', host: 'www.example.com' };
    expect(urlsFor('qiniu', document, 'a b')).toEqual([
      'http://a.example/a%20b',
      'http://b.example/a%20b',
    ]);
    const { origins } = ruleFrom('qiniu', document);
    expect(origins?.masters.map(({ hostHeader }) => hostHeader)).toEqual([
      'www.example.com',
      'www.example.com',
    ]);
    expect(origins?.select).toBe('ordered');
  });

  test.each([encoded('www.example.com'), 'www.example.com'])(
    'the call that set the source is read too, with the host %s encoded or not',
    (host) => {
      const call = `POST /image/newdocs/from/${encoded('http://a.example/x')}/host/${host} HTTP/1.1`;
      const { masters } = ruleFrom('qiniu', call).origins ?? {};
      expect(masters).toMatchObject([
        { url: { text: 'http://a.example/x' }, hostHeader: 'www.example.com' },
      ]);
    },
  );

  test('every one of more than three sources is asked', () => {
    const urls = ['a', 'b', 'c', 'd'].map((name) => `http://${name}.example/`);
    expect(urlsFor('qiniu', { source: urls.join(';') }, 'k')).toEqual(urls.map((url) => `${url}k`));
  });

  test('a bucket without a source is refused', () => {
    expect(refusal('qiniu', { source: '' })).toContain('no mirror source');
    expect(refusal('qiniu', {})).toContain('`source` is missing');
    expect(refusal('qiniu', '/image/newdocs/from/***')).toContain('not URL-safe base64');
  });

  test('empty answers and pages in place of media are not stored, failures are 478', () => {
    expect(ruleFrom('qiniu', { source: 'http://a.example' })).toMatchObject({
      response: { onError: 478 },
      store: { reject: { empty: true, htmlForMedia: true } },
    });
  });
});

describe('Tencent COS', () => {
  const HOST = '<HostInfo><HostName>o.example</HostName></HostInfo>';
  const cos = (parts: { parameter?: string; condition?: string; info?: string; more?: string }) =>
    `<OriginConfiguration><OriginRule><OriginType>Mirror</OriginType><OriginCondition>${parts.condition ?? ''}</OriginCondition><OriginParameter><Protocol>HTTP</Protocol>${parts.parameter ?? ''}</OriginParameter>${parts.more ?? ''}<OriginInfo>${parts.info ?? HOST}</OriginInfo></OriginRule></OriginConfiguration>`;

  test('query and redirects are on where nothing is said, headers are off', () => {
    expect(ruleFrom('cos', cos({})).request).toMatchObject({
      passQuery: true,
      followRedirects: true,
      headers: { passAll: false },
    });
    const off =
      '<FollowQueryString>false</FollowQueryString><FollowRedirection>False</FollowRedirection>';
    expect(ruleFrom('cos', cos({ parameter: off })).request).toMatchObject({
      passQuery: false,
      followRedirects: false,
    });
  });

  test('standby hosts are read from numbered tags, by number', () => {
    const info =
      '<HostInfo><HostName>o.example</HostName><StandbyHostName_10>s10.example</StandbyHostName_10><StandbyHostName_2>s2.example</StandbyHostName_2></HostInfo>';
    const { rules } = imported('cos', cos({ info })).rules;
    expect(addressesOf(rules, 'slaves')).toEqual(['http://s2.example/', 'http://s10.example/']);
  });

  test('HTTPStandbyCode adds to 5XX', () => {
    const standby = (codes: string) => cos({ more: `<HTTPStandbyCode>${codes}</HTTPStandbyCode>` });
    const codes = '<StatusCode>404</StatusCode><StatusCode>502</StatusCode>';
    expect(ruleFrom('cos', standby(codes)).origins?.retryOn).toEqual([404, '5XX']);
    expect(ruleFrom('cos', cos({})).origins?.retryOn).toEqual(['5XX']);
    expect(refusal('cos', standby('<StatusCode>200</StatusCode>'))).toContain('400 to 599');
  });

  test.each(['ForbidFollowHeaders', 'ForbidFollowHttpHeaders'])('%s removes headers', (name) => {
    const parameter = `<HttpHeader><FollowAllHeaders>true</FollowAllHeaders><${name}><Header><Key>X-B</Key></Header></${name}></HttpHeader>`;
    expect(ruleFrom('cos', cos({ parameter })).request.headers).toMatchObject({
      passAll: true,
      remove: ['x-b'],
    });
  });

  test('prefix and suffix are added, or replaced where ReplacedWith is given', () => {
    const info = (prefix: string, suffix: string) =>
      `${HOST}<FileInfo><PrefixConfiguration>${prefix}</PrefixConfiguration><SuffixConfiguration>${suffix}</SuffixConfiguration></FileInfo>`;
    const condition = '<Prefix>a/</Prefix>';
    const added = info('<Prefix>x/</Prefix>', '<Suffix>.bak</Suffix>');
    expect(urlsFor('cos', cos({ info: added, condition }), 'a/k.jpg')).toEqual([
      'http://o.example/x/a/k.jpg.bak',
    ]);
    const replaced = info(
      '<Prefix>a/</Prefix><ReplacedWithPrefix>b/</ReplacedWithPrefix>',
      '<Suffix>.jpg</Suffix><ReplacedWithSuffix>.png</ReplacedWithSuffix>',
    );
    expect(urlsFor('cos', cos({ info: replaced, condition }), 'a/k.jpg')).toEqual([
      'http://o.example/b/k.png',
    ]);
    expect(refusal('cos', cos({ info: replaced }))).toContain('does not begin the prefix');
  });

  test('a private host becomes an S3 address with keys from the environment', () => {
    const info =
      '<HostInfo><PrivateHost><Host>media-125.cos.ap-x.myqcloud.com</Host><CredentialProvider><Region>ap-x</Region><SecretId>AKIDX</SecretId><SecretKey>hunter2</SecretKey></CredentialProvider></PrivateHost></HostInfo>';
    const { yaml, warnings } = imported('cos', cos({ info }));
    expect(yaml).toContain('url: s3://media-125/');
    expect(yaml).toContain('endpoint: http://cos.ap-x.myqcloud.com');
    expect(`${yaml}${warnings}`).not.toMatch(/AKIDX|hunter2/);
  });

  test('a private host takes its part by its weight', () => {
    const host = (name: string, weight: number) =>
      `<HostInfo>${name}<Weight>${weight}</Weight></HostInfo>`;
    const info =
      host('<PrivateHost><Host>m-1.cos.ap-x.myqcloud.com</Host></PrivateHost>', 7) +
      host('<HostName>o.example</HostName>', 3);
    const { origins } = ruleFrom('cos', cos({ info }));
    expect(origins?.select).toBe('weighted');
    expect(origins?.masters.map(({ weight }) => weight)).toEqual([7, 3]);
  });

  test('the older form of FileInfo is put around the key, with a warning', () => {
    const info = `${HOST}<FileInfo><PrefixDirective>true</PrefixDirective><Prefix>x/</Prefix><Suffix>.bak</Suffix></FileInfo>`;
    expect(urlsFor('cos', cos({ info }), 'k')).toEqual(['http://o.example/x/k.bak']);
    expect(imported('cos', cos({ info })).warnings).toContain('FileInfo: the older form');
    expect(imported('cos', cos({})).warnings).toBe('');
  });

  test('more than ten headers of a kind are told', () => {
    const follow = (count: number) =>
      `<HttpHeader><FollowHttpHeaders>${Array.from({ length: count }, (_, at) => `<Header><Key>x-${at}</Key></Header>`).join('')}</FollowHttpHeaders></HttpHeader>`;
    expect(imported('cos', cos({ parameter: follow(11) })).warnings).toContain(
      'HttpHeader: 11 headers to pass; the vendor allows at most 10',
    );
    expect(imported('cos', cos({ parameter: follow(10) })).warnings).toBe('');
  });

  test.each([
    ['OriginType', '<OriginType>Proxy</OriginType>', 'OriginParameter', 'OriginRule'],
    ['Protocol', '<Protocol>HTTPS</Protocol>', '/OriginParameter', 'OriginRule.OriginParameter'],
    ['OriginInfo', `<OriginInfo>${HOST}</OriginInfo>`, '/OriginRule', 'OriginRule'],
    ['FileInfo', '<FileInfo/><FileInfo/>', '/OriginInfo', 'OriginRule.OriginInfo'],
  ])('an element %s that stands twice is refused', (name, element, before, path) => {
    const document = cos({}).replace(`<${before}>`, `${element}<${before}>`);
    expect(refusal('cos', document)).toBe(`in: ${path}: \`${name}\` stands 2 times; keep one`);
  });

  test('FOLLOW is taken for https with a warning, Proxy redirects and copies', () => {
    const document = cos({}).replace('>HTTP<', '>FOLLOW<');
    expect(urlsFor('cos', document, 'k')).toEqual(['https://o.example/k']);
    expect(imported('cos', document).warnings).toContain('https is taken');
    expect(ruleFrom('cos', cos({}).replace('Mirror', 'Proxy')).action).toBe('redirectAndFetch');
    const fixed = `${HOST}<FileInfo><FixedFileConfiguration><FixedFilePath>f</FixedFilePath></FixedFileConfiguration></FileInfo>`;
    expect(refusal('cos', cos({ info: fixed }))).toContain('FixedFileConfiguration');
  });

  test('a mismatched closing tag, as in a sample of the vendor, is named with its line', () => {
    const document = '<OriginConfiguration>\n<OriginRule>\n</OriginRul>\n</OriginConfiguration>';
    expect(refusal('cos', document)).toBe(
      'in: line 3: </OriginRul> stands where <OriginRule> is open',
    );
  });
});

describe('Volcengine TOS', () => {
  const tos = (redirect: object = {}, condition: object = {}) => ({
    Rules: [
      {
        ID: '1',
        Condition: { HttpCode: 404, ...condition },
        Redirect: { PublicSource: { SourceEndpoint: { Primary: ['http://o/'] } }, ...redirect },
      },
    ],
  });

  test.each([
    [{}, 'mirror'],
    [{ RedirectType: 'Mirror' }, 'mirror'],
    [{ RedirectType: 'Async' }, 'redirect'],
    [{ RedirectType: 'Async', FetchSourceOnRedirect: true }, 'redirectAndFetch'],
  ])('%j is %s', (redirect, action) => {
    expect(ruleFrom('tos', tos(redirect)).action).toBe(action);
  });

  test('conditions, rewriting, metadata and answers are taken over', () => {
    const rule = ruleFrom(
      'tos',
      tos(
        {
          Transform: {
            WithKeySuffix: '.x',
            ReplaceKeyPrefix: { KeyPrefix: 'a/', ReplaceWith: 'b/' },
          },
          FetchHeaderToMetaDataRules: [{ SourceHeader: 'X-Src', MetaDataSuffix: 'm' }],
          PassStatusCodeFromSource: [403, '404'],
          PassHeaderFromSource: ['X-A'],
        },
        { KeyPrefix: 'a/b', AllowHost: ['h.example'], HttpMethod: ['GET', 'HEAD'] },
      ),
    );
    expect(rule).toMatchObject({
      match: { methods: ['GET', 'HEAD'], hosts: { allow: ['h.example'] } },
      key: { replacePrefix: 'b/b', addSuffix: '.x' },
      request: { followRedirects: false },
      response: { passStatuses: [403, 404], passHeaders: ['x-a'] },
      store: { metadataFrom: [{ header: 'x-src', name: 'm' }] },
    });
  });

  test('what goes beyond the limits of TOS is told', () => {
    const [rule] = tos().Rules;
    const rules = (count: number) => ({ Rules: Array.from({ length: count }, () => rule) });
    expect(imported('tos', rules(21)).warnings).toContain('21 rules; the vendor allows at most 20');
    expect(imported('tos', rules(20)).warnings).toBe('');
    const many = (count: number) =>
      Array.from({ length: count }, (_, at) => `http://o${at}.example`);
    const primaries = (count: number) =>
      imported('tos', tos({ PublicSource: { SourceEndpoint: { Primary: many(count) } } })).warnings;
    expect(primaries(6)).toContain('6 Primary; the vendor allows at most 5');
    expect(primaries(5)).toBe('');
    const hosts = (count: number) =>
      imported('tos', tos({}, { AllowHost: many(count).map((url) => url.slice(7)) })).warnings;
    expect(hosts(21)).toContain('21 AllowHost; the vendor allows at most 20');
    expect(hosts(20)).toBe('');
  });

  test('a switch of redirects has no meaning for a mirror, and is told', () => {
    const document = tos({ FetchSourceOnRedirectWithQuery: true });
    expect(imported('tos', document).warnings).toContain('a mirror rule does not redirect');
  });

  test('several primaries are chosen at random and all asked', () => {
    const SourceEndpoint = { Primary: ['http://a/', 'http://b/', 'http://c/', 'http://d/'] };
    const { origins } = ruleFrom('tos', tos({ PublicSource: { SourceEndpoint } }));
    expect(origins).toMatchObject({ select: 'random', maxAddresses: 4 });
    expect(refusal('tos', tos({ PublicSource: null }))).toContain('Primary');
  });
});

describe('Cloudflare Sippy', () => {
  const sippy = (source: object) => ({ destination: { provider: 'r2' }, source });

  test.each(['gcs', 'azure'])('a source at %s is refused', (provider) => {
    expect(refusal('sippy', sippy({ provider, bucket: 'b' }))).toContain('cannot be read');
  });

  test('a source at AWS is an S3 address with keys from the environment', () => {
    const source = {
      provider: 'aws',
      bucket: 'media',
      region: 'eu-west-1',
      accessKeyId: 'AKIDX',
      secretAccessKey: 'hunter2',
    };
    const { yaml, warnings } = imported('sippy', { result: sippy(source) });
    expect(yaml).toContain('url: s3://media/');
    expect(yaml).toContain('region: eu-west-1');
    expect(warnings).toContain('SIPPY_ORIGIN_SECRET_ACCESS_KEY');
    expect(`${yaml}${warnings}`).not.toMatch(/AKIDX|hunter2/);
  });

  test.each([
    ['https://store.example/media', 'https://store.example', true],
    ['https://media.s3.eu-central-1.amazonaws.com', 'https://s3.eu-central-1.amazonaws.com', false],
  ])('the bucket and store of %s are told apart', (bucketUrl, endpoint, pathStyle) => {
    const rule = ruleFrom('sippy', sippy({ provider: 's3', bucketUrl }));
    expect(rule.origins?.masters).toMatchObject([
      { url: { text: 's3://media/' }, s3: { endpoint, pathStyle } },
    ]);
  });

  test('what is switched off, or names no bucket, is refused', () => {
    expect(refusal('sippy', { enabled: false })).toContain('not enabled');
    const unclear = sippy({ provider: 's3', bucketUrl: 'https://store.example/' });
    expect(refusal('sippy', unclear)).toContain('no bucket can be told');
  });
});

describe('S3 website', () => {
  test.each([
    ['Condition', '<Condition/><Condition/>', ''],
    ['ReplaceKeyWith', '<ReplaceKeyWith>a</ReplaceKeyWith>', '.Redirect'],
  ])('an element %s that stands twice is refused', (name, element, below) => {
    const redirect = `<Redirect><HostName>h.example</HostName><ReplaceKeyWith>b</ReplaceKeyWith>${below && element}</Redirect>`;
    const document = `<WebsiteConfiguration><RoutingRules><RoutingRule>${below ? '' : element}${redirect}</RoutingRule></RoutingRules></WebsiteConfiguration>`;
    expect(refusal('s3-website', document)).toBe(
      `in: RoutingRules.RoutingRule${below}: \`${name}\` stands 2 times; keep one`,
    );
  });

  const rule = {
    Condition: { KeyPrefixEquals: 'docs/', HttpErrorCodeReturnedEquals: '404' },
    Redirect: { HostName: 'old.example', Protocol: 'https', ReplaceKeyPrefixWith: 'documents/' },
  };

  test('the JSON of a command line reads as the XML does', () => {
    const document = { IndexDocument: { Suffix: 'index.html' }, RoutingRules: [rule] };
    expect(urlsFor('s3-website', document, 'docs/a')).toEqual(['https://old.example/documents/a']);
    expect(ruleFrom('s3-website', document)).toMatchObject({
      action: 'redirect',
      match: { statuses: [404] },
      redirect: { status: 301 },
    });
  });

  test('without a host the other key of the bucket is answered, with a warning', () => {
    const inside = { ...rule, Redirect: { ReplaceKeyPrefixWith: 'documents/' } };
    const { rules, warnings } = imported('s3-website', { RoutingRules: [inside] });
    expect(rules.rules[0]).toMatchObject({
      action: 'rewrite',
      key: { replacePrefix: 'documents/' },
    });
    expect(warnings).toContain('no HostName');
  });

  test('a redirect of everything is one rule', () => {
    const all = { RedirectAllRequestsTo: { HostName: 'new.example', Protocol: 'https' } };
    expect(ruleFrom('s3-website', all)).toMatchObject({
      action: 'redirect',
      match: { statuses: 'any' },
    });
    expect(urlsFor('s3-website', all, 'a')).toEqual(['https://new.example/a']);
  });
});
