import { describe, expect, it } from 'vitest';

import { formatProblem, parseRules } from '../../src/rules/parse-rules.ts';
import { errorsOf, HEAD, problemsOf, ruleErrors, ruleOf, rulesOf } from './rules-of.ts';

const MASTER = 'origins: { masters: ["https://o.example/"] }';

describe('a valid file', () => {
  it('has every default of the contract filled in', () => {
    const { rules, allowPrivate, bucket, scan } = rulesOf(`rules: [{ id: a, ${MASTER} }]`);
    expect({ allowPrivate, scan }).toEqual({ allowPrivate: false, scan: [] });
    expect(bucket).toMatchObject({
      url: 'file:./bucket',
      location: { kind: 'file', path: './bucket' },
      region: 'us-east-1',
      pathStyle: false,
      checksum: 'auto',
      conditionalWrites: 'auto',
    });
    expect(rules[0]).toMatchObject({
      id: 'a',
      action: 'mirror',
      match: { methods: ['GET', 'HEAD'], statuses: [404], headers: [] },
      redirect: { status: 302, passQuery: false },
      key: { addPrefix: '', addSuffix: '', slashes: 'join', dotSegments: 'refuse' },
      origins: {
        select: 'ordered',
        retryOn: ['5XX'],
        neverRetryOn: [],
        maxAddresses: 3,
        retries: { perAddress: 3, baseMs: 200, maxMs: 30_000 },
        giveUpAfterMs: 600_000,
        healthCheck: undefined,
      },
      request: {
        passQuery: false,
        followRedirects: true,
        maxRedirects: 10,
        refererOnRedirect: false,
        headers: { passAll: false, pass: [], remove: [], set: [] },
        timeouts: { connectMs: 5000, firstByteMs: 10_000, idleMs: 30_000 },
      },
      response: { onError: 424, passStatuses: [], validators: 'origin', mark: 'x-bucketfill' },
      store: {
        requireLength: false,
        unknownLength: 'confirm',
        userMetadata: true,
        originValidators: true,
        contentType: { guess: 'never', override: [] },
        private: 'auto',
        variants: 'plain',
        reject: { empty: false, htmlForMedia: false, maxSizeBytes: 5 * 1024 ** 4 },
        rangeMiss: 'serveAndFetch',
        multipart: { thresholdBytes: 16 * 1024 ** 2, partSizeBytes: 16 * 1024 ** 2 },
      },
      protect: {
        concurrency: 64,
        bytesPerSecond: undefined,
        breaker: { ratio: 0.5, minimumCalls: 20, windowMs: 30_000, openMs: 30_000 },
        negativeTtlMs: 0,
      },
      afterMiss: 'none',
    });
    expect(rules[0]?.store.headers).toHaveLength(7);
  });

  it('turns pathStyle on where an endpoint is set and leaves an explicit value alone', () => {
    const bucket = (extra: string) =>
      parseRules(`version: 1\nbucket: { url: "s3://media/p/", ${extra} }\nrules: []`, 'f').rules
        ?.bucket;
    expect(bucket('endpoint: "https://s3.example"')?.pathStyle).toBe(true);
    expect(bucket('endpoint: "https://s3.example", pathStyle: false')?.pathStyle).toBe(false);
    expect(bucket('region: x')?.location).toEqual({ kind: 's3', bucket: 'media', prefix: 'p/' });
  });

  it('takes addresses as text, from the environment and as maps', () => {
    const origins = ruleOf(
      'origins: { masters: ["HTTPS://a.example/X", { env: B }, { url: { env: C }, weight: 2, headers: { Authorization: { env: D } } }, "s3://old-bucket/"], select: weighted }',
    ).origins;
    expect(origins?.masters.map(({ url }) => url)).toEqual([
      { text: 'https://a.example/X' },
      { env: 'B' },
      { env: 'C' },
      { text: 's3://old-bucket/' },
    ]);
    expect(origins?.masters[2]).toMatchObject({
      weight: 2,
      headers: [{ name: 'authorization', value: { env: 'D' } }],
    });
    expect(origins?.masters.map(({ s3 }) => s3?.region)).toEqual([
      undefined,
      undefined,
      undefined,
      'us-east-1',
    ]);
  });

  it('lets rewrite and off rules do without origins', () => {
    expect(
      ruleOf('action: rewrite, key: { fixed: 404.html }, origins: {}').origins,
    ).toBeUndefined();
    expect(rulesOf('rules: [{ id: a, action: "off" }]').rules[0]?.action).toBe('off');
  });
});

describe('errors', () => {
  it.each([
    [
      'match: { keyPrefx: a }',
      'rules[0].match.keyPrefx: unknown field `keyPrefx`, did you mean `keyPrefix`?',
    ],
    [
      'match: { key_prefix: a }',
      'rules[0].match.key_prefix: unknown field `key_prefix`, did you mean `keyPrefix`?',
    ],
    [
      'match: { keyPrefix: 2024 }',
      'rules[0].match.keyPrefix: expected text, got a number; put it in quotes',
    ],
    [
      'match: { keyPrefix: }',
      'rules[0].match.keyPrefix: has no value; give it one, or remove the line',
    ],
    [
      'match: { methods: [POST] }',
      'rules[0].match.methods[0]: expected one of GET, HEAD, got `POST`',
    ],
    [
      'match: { statuses: [500] }',
      'rules[0].match.statuses[0]: `mirror` answers misses: only 404 can stand here',
    ],
    [
      'match: { statuses: any }, action: proxy',
      'rules[0].match.statuses: `proxy` answers misses: only 404 can stand here',
    ],
    [
      'match: { statuses: some }, action: redirect',
      'rules[0].match.statuses: expected a list of statuses such as [404], or `any`',
    ],
    [
      'match: { headers: [{ name: x, equals: a, endsWith: b }] }',
      'rules[0].match.headers[0]: expected exactly one of equals, startsWith and endsWith',
    ],
    [
      'action: mirrr',
      'rules[0].action: expected one of mirror, redirectAndFetch, redirect, proxy, rewrite, off, got `mirrr`; did you mean `mirror`?',
    ],
    [
      'action: false',
      'rules[0].action: expected one of mirror, redirectAndFetch, redirect, proxy, rewrite, off, got the word false',
    ],
    [
      'key: { replacePrefix: a, template: "${key}" }',
      'rules[0].key.template: only one of replacePrefix, template, fixed can decide the key',
    ],
    [
      'key: { template: "${key}${key}" }',
      'rules[0].key.template: must hold exactly one ${key}, as in "pre${key}post"',
    ],
    [
      'key: { template: "plain" }',
      'rules[0].key.template: must hold exactly one ${key}, as in "pre${key}post"',
    ],
    [
      'key: { fixed: a }',
      'rules[0].key.fixed: is for the actions redirect and rewrite only; with `mirror` every key would hold the same object',
    ],
    ['key: { replaceSuffix: { from: a } }', 'rules[0].key.replaceSuffix.to: missing field `to`'],
    [
      'request: { timeouts: { connect: 5 } }',
      'rules[0].request.timeouts.connect: needs a unit, such as `30s`',
    ],
    ['request: { timeouts: { idle: 0s } }', 'rules[0].request.timeouts.idle: must be more than 0'],
    [
      'request: { headers: { pass: [Range] } }',
      'rules[0].request.headers.pass[0]: this header is on the deny list and never passed on to an origin',
    ],
    [
      'request: { headers: { set: { x-amz-date: a } } }',
      'rules[0].request.headers.set.x-amz-date: is on the deny list and cannot be set',
    ],
    [
      'request: { headers: { set: { X-A: a, x-a: b } } }',
      'rules[0].request.headers.set.x-a: names a header a second time; letter case does not count',
    ],
    [
      'request: { headers: { set: { x-a: "a\\r\\nb: c" } } }',
      'rules[0].request.headers.set.x-a: the value holds a line break or another character that a header cannot carry',
    ],
    ['request: { maxRedirects: -1 }', 'rules[0].request.maxRedirects: must be at least 0'],
    [
      'store: { headers: [set-cookie] }',
      'rules[0].store.headers[0]: this header belongs to one connection or one client; it is never kept nor passed on',
    ],
    [
      'store: { multipart: { partSize: 1MiB } }',
      'rules[0].store.multipart.partSize: must be at least 5242880 bytes',
    ],
    ['protect: { breaker: { ratio: 0 } }', 'rules[0].protect.breaker.ratio: must be more than 0'],
    [
      'protect: { concurrency: 1.5 }',
      'rules[0].protect.concurrency: expected a whole number, got a number',
    ],
    [
      'redirect: { status: 200 }',
      'rules[0].redirect.status: expected one of 301, 302, 303, 307, 308, got `200`',
    ],
    ['response: { mark: true }', 'rules[0].response.mark: expected the name of a header, or false'],
  ])('of `%s` say `%s`', (fields, expected) => {
    expect(ruleErrors(fields)).toEqual([expected]);
  });

  it.each([
    ['masters: []', 'rules[0].origins.masters: expected 1 to 10 addresses, got none'],
    ['select: ordered', 'rules[0].origins.masters: missing field `masters`: 1 to 10 addresses'],
    [
      `masters: [${'"http://a/",'.repeat(11)}]`,
      'rules[0].origins.masters: the number of entries must be at most 10',
    ],
    [
      `masters: ["http://a/"], slaves: [${'"http://a/",'.repeat(11)}]`,
      'rules[0].origins.slaves: the number of entries must be at most 10',
    ],
    [
      'masters: [h.example/x]',
      'rules[0].origins.masters[0]: the URL has no scheme; did you mean `http://h.example/x`?',
    ],
    [
      'masters: ["ftp://h/"]',
      'rules[0].origins.masters[0]: the scheme `ftp` is not supported; use http, https or s3',
    ],
    [
      'masters: ["http://h/a b"]',
      'rules[0].origins.masters[0]: the URL holds a space or a character beyond ASCII; percent-encode it, and write a host name in its `xn--` form',
    ],
    [
      'masters: ["http://h:99999/"]',
      'rules[0].origins.masters[0]: the URL cannot be read; is the host or the port mistyped?',
    ],
    [
      'masters: [7]',
      'rules[0].origins.masters[0]: expected a URL, { env: NAME }, or a map with `url`',
    ],
    [
      'masters: [{ env: "a b" }]',
      'rules[0].origins.masters[0].env: expected the name of an environment variable: letters, digits and _, not its value',
    ],
    [
      'masters: [{ url: "http://h/", clientCert: a }]',
      'rules[0].origins.masters[0].clientCert: a client certificate needs its `clientKey`',
    ],
    [
      'masters: [{ url: "http://h/", region: a }]',
      'rules[0].origins.masters[0].region: is for s3:// addresses only',
    ],
    [
      'masters: [{ url: "http://h/", hostheader: a }]',
      'rules[0].origins.masters[0].hostheader: unknown field `hostheader`, did you mean `hostHeader`?',
    ],
    [
      'masters: ["http://h/"], retryOn: [4XX, 404]',
      'rules[0].origins.retryOn[1]: 404 is part of 4XX, which stands in the list too; keep one',
    ],
    [
      'masters: ["http://h/"], retryOn: [404, 404]',
      'rules[0].origins.retryOn[1]: stands twice in this list',
    ],
    ['masters: ["http://h/"], retryOn: [399]', 'rules[0].origins.retryOn[0]: must be at least 400'],
    [
      `masters: ["http://h/"], retryOn: [${Array.from({ length: 21 }, (_, i) => 400 + i).join()}]`,
      'rules[0].origins.retryOn: the number of entries must be at most 20',
    ],
    [
      'masters: ["http://h/"], maxAddresses: 0',
      'rules[0].origins.maxAddresses: must be at least 1',
    ],
    [
      'masters: ["http://h/"], retries: { base: 1m }',
      'rules[0].origins.retries.base: the first pause (`base`) is longer than the longest (`max`)',
    ],
  ])('of origins `%s` say `%s`', (origins, expected) => {
    expect(errorsOf(`rules: [{ id: a, origins: { ${origins} } }]`)).toEqual([expected]);
  });

  it.each([
    ['rules: [{ id: a }]', 'rules[0].origins: missing field: `mirror` needs an origin'],
    [`rules: [{ ${MASTER} }]`, 'rules[0].id: missing field `id`'],
    [
      `rules: [{ id: "a b", ${MASTER} }]`,
      'rules[0].id: an id has 1 to 256 letters, digits, _ and -',
    ],
    [
      `rules: [{ id: a, ${MASTER} }, { id: a, ${MASTER} }]`,
      'rules[1].id: the id `a` is taken by rules[0]; ids are unique',
    ],
    [
      `rules: [{ id: a, ${MASTER} }]\nscan: [{ rule: b, from: s3 }]`,
      'scan[0].rule: no rule has the id `b`',
    ],
    ['rules: 5', 'rules: expected a list, got a number'],
    ['', 'rules: missing field `rules`'],
    ['rules: []\ndefault: {}', 'default: unknown field `default`, did you mean `defaults`?'],
    ['rules: []\ndefaults: { id: a }', 'defaults.id: unknown field `id`'],
  ])('of the file `%s` say `%s`', (body, expected) => {
    expect(errorsOf(body).map((error) => error.slice(0, expected.length))).toEqual([expected]);
  });

  it.each([
    ['version: 2', 'version: this program reads rules of `version: 1` only'],
    ['version: "1"', 'version: this program reads rules of `version: 1` only'],
    ['', 'version: missing field `version`'],
  ])('of the version `%s` say `%s`', (version, expected) => {
    const text = `${version}\nbucket: { url: "file:./b" }\nrules: []`;
    const [problem] = parseRules(text, 'f').problems;
    expect(`${problem?.path ?? ''}: ${problem?.message ?? ''}`).toBe(expected);
  });

  it.each([
    ['https://s3.example/media', 'expected s3://BUCKET, s3://BUCKET/PREFIX/ or file:./dir'],
    ['s3://media/prefix', 'a prefix ends with /; did you mean `s3://media/prefix/`?'],
    ['s3://', 'the name of the bucket is missing or cannot be one'],
    ['s3://key:hush@media/', 'the URL holds credentials; use `credentials: { env: PREFIX }`'],
    ['file:', 'names no directory'],
    ['file://host/dir', 'a file: URL names no host'],
  ])('of the bucket URL `%s` say `%s`', (url, expected) => {
    const { problems } = parseRules(`version: 1\nbucket: { url: "${url}" }\nrules: []`, 'f');
    expect(problems.map(({ message }) => message.slice(0, expected.length))).toEqual([expected]);
  });

  it('refuse the 1,001st rule and take 1,000', () => {
    const rules = (count: number) =>
      `rules:\n${Array.from({ length: count }, (_, i) => `  - { id: r${i}, action: "off", match: { keyPrefix: ${i}/ } }\n`).join('')}`;
    expect(errorsOf(rules(1000))).toEqual([]);
    expect(errorsOf(rules(1001))).toEqual(['rules: the number of entries must be at most 1000']);
  });

  it('come all at once, each where it stands, in the order of the text', () => {
    const problems = problemsOf(
      [
        'rules:',
        '  - id: a',
        '    match: { keyPrefx: x }',
        '    key: { fixed: a, template: b, slashes: jion }',
        '    origins:',
        '      masters: [h.example]',
        '  - id: a',
        '    actoin: off',
      ].join('\n'),
    );
    expect(problems.map(({ line, column, path }) => `${line}:${column} ${path}`)).toEqual([
      '5:14 rules[0].match.keyPrefx',
      '6:19 rules[0].key.fixed',
      '6:19 rules[0].key.fixed',
      '6:32 rules[0].key.template',
      '6:44 rules[0].key.slashes',
      '8:17 rules[0].origins.masters[0]',
      '9:5 rules[1].origins',
      '9:9 rules[1].id',
      '10:5 rules[1].actoin',
    ]);
  });

  it('are printed as file:line:col path: message', () => {
    const [problem] = problemsOf('rules: 5');
    if (problem === undefined) throw new Error('no problem was found');
    expect(formatProblem('my/rules.yaml', problem)).toBe(
      'my/rules.yaml:3:8 rules: expected a list, got a number',
    );
    expect(HEAD.split('\n')).toHaveLength(3);
  });
});
