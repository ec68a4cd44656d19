import { describe, expect, it } from 'vitest';

import { problemsOf } from './rules-of.ts';

const MASTER = 'origins: { masters: ["https://o.example/"] }';

function lints(body: string): string[] {
  return problemsOf(body).map(({ severity, lint, path, message }) => {
    expect(severity).toBe('warning');
    return `${lint ?? ''} ${path}: ${message}`;
  });
}

function ruleLints(fields: string): string[] {
  return lints(`rules: [{ id: a, ${fields} }]`);
}

it('a plain file has no warnings', () => {
  expect(ruleLints(`match: { keyPrefix: a/ }, ${MASTER}`)).toEqual([]);
});

it('a file without rules is told that it does nothing', () => {
  expect(lints('rules: []')).toEqual(['no-rules rules: there is no rule, so every key is skipped']);
});

describe('fields that need no warning', () => {
  it('are every source of a scan', () => {
    const kinds = ['httpIndex', 'sitemap', 's3', 's3Inventory', 'directory', 'keys'];
    const sources = kinds.map((from) => `  - { rule: a, from: ${from}, url: ./x }`).join('\n');
    expect(lints(`scan:\n${sources}\nrules: [{ id: a, ${MASTER} }]`)).toEqual([]);
  });

  it.each([
    `request: { followRedirects: false, headers: { set: { x-a: b } }, timeouts: { idle: 1s } }, ${MASTER}`,
    `store: { requireLength: true, contentType: { guess: missing }, private: store, reject: { empty: true } }, ${MASTER}`,
    `protect: { concurrency: 4, bandwidth: 1MiB/s, requestsPerSecond: 5, breaker: { ratio: 1 } }, key: { addPrefix: a }, ${MASTER}`,
    'origins: { masters: ["s3://old-bucket/"] }',
    `store: { tags: { a: b }, storageClass: STANDARD_IA }, ${MASTER}`,
    'origins: { masters: ["https://o.example/"], healthCheck: { url: "https://o.example/health" } }',
    'action: "off"',
    `match: { methods: [GET] }, response: { onError: 502 }, protect: { negativeTtl: 5s }, ${MASTER}`,
  ])('are those of a rule: %s', (fields) => {
    expect(ruleLints(fields)).toEqual([]);
  });
});

describe('rules that get in each other’s way', () => {
  const two = (a: string, b: string) =>
    lints(
      `rules:\n  - { id: a, match: { ${a} }, ${MASTER} }\n  - { id: b, match: { ${b} }, ${MASTER} }`,
    );

  it.each([
    ['keyPrefix: a/', 'keyPrefix: a/b/'],
    ['keySuffix: .mp4', 'keyPrefix: a/, keySuffix: x.mp4'],
    ['', 'keyPrefix: a/'],
    ['', ''],
  ])('{ %s } hides { %s }', (a, b) => {
    expect(two(a, b)).toEqual([
      'unreachable rules[1]: never used: rule `a` above takes every key of `b`',
    ]);
  });

  it.each([
    ['keyPrefix: a/b/', 'keyPrefix: a/'],
    ['keyPrefix: a/', 'keySuffix: .mp4'],
  ])('{ %s } shares keys with { %s }', (a, b) => {
    expect(two(a, b)).toEqual([
      'overlap rules[1]: shares keys with `a` above; the first rule that matches takes them',
    ]);
  });

  it.each(['keyPrefix: a/', 'keyPrefix: a/b/'])(
    'H3 equal prefixes, or one that begins with the other, share keys: { %s }',
    (prefix) => {
      const problems = problemsOf(
        `rules:\n  - { id: a, match: { ${prefix} }, ${MASTER} }\n  - { id: b, match: { keyPrefix: a/ }, ${MASTER} }`,
      );
      expect(problems.map(({ lint }) => lint)).toEqual([
        prefix === 'keyPrefix: a/' ? 'unreachable' : 'overlap',
      ]);
    },
  );

  it('H3 prefixes that only begin alike share no key', () => {
    expect(two('keyPrefix: abc/', 'keyPrefix: abd/')).toEqual([]);
  });

  it('H4 a rule that takes every key shares them with each other rule', () => {
    expect(two('keyPrefix: ""', 'keyPrefix: a/')[0]).toMatch(/^unreachable /);
    expect(two('keyPrefix: a/', 'keyPrefix: ""')[0]).toMatch(/^overlap /);
  });

  it('B3 conditions that include one another are told from those that merely meet', () => {
    expect(two('keyPrefix: a/, keySuffix: g', 'keyPrefix: a/b/, keySuffix: .jpg')[0]).toMatch(
      /^unreachable /,
    );
    expect(two('keyPrefix: a/, keySuffix: .jpg', 'keyPrefix: a/b/')[0]).toMatch(/^overlap /);
    expect(two('keyPrefix: a/, keySuffix: .jpg', 'keyPrefix: a/b/, keySuffix: .png')).toEqual([]);
  });

  const verdict = (a: string, b: string) =>
    problemsOf(
      `rules:\n  - { id: a, match: { ${a} }, ${MASTER} }\n  - { id: b, match: { ${b} }, ${MASTER} }`,
    ).map(({ lint }) => lint);

  it.each([
    ['headers: [{ name: x, equals: y }]', 'headers: [{ name: x, equals: y }]', 'unreachable'],
    ['headers: [{ name: x, equals: y }]', '', 'overlap'],
    ['', 'headers: [{ name: x, equals: y }]', 'unreachable'],
    ['headers: [{ name: x, equals: y }]', 'headers: [{ name: x, startsWith: y }]', 'overlap'],
    ['hosts: { allow: [a, b] }', 'hosts: { allow: [a] }', 'unreachable'],
    ['hosts: { allow: [a] }', 'hosts: { allow: [a, b] }', 'overlap'],
    ['hosts: { allow: [a] }', '', 'overlap'],
    ['hosts: { deny: [a] }', 'hosts: { deny: [a, b] }', 'unreachable'],
    ['hosts: { deny: [a, b] }', 'hosts: { deny: [a] }', 'overlap'],
    ['methods: [GET]', 'methods: [GET, HEAD]', 'overlap'],
    ['methods: [GET, HEAD]', 'methods: [HEAD]', 'unreachable'],
  ])('{ %s } above { %s } is %s', (a, b, expected) => {
    expect(verdict(a, b)).toEqual([expected]);
  });

  it('a rule that lets the next one try hides none', () => {
    const [first, second] = problemsOf(
      `rules:\n  - { id: a, afterMiss: nextRule, ${MASTER} }\n  - { id: b, ${MASTER} }`,
    );
    expect([first?.lint, second]).toEqual(['overlap', undefined]);
  });

  it.each([
    ['keyPrefix: a/', 'keyPrefix: b/'],
    ['keySuffix: .a', 'keySuffix: .b'],
    ['keyPrefix: a/, keySuffix: .a', 'keyPrefix: a/b/, keySuffix: .b'],
  ])('{ %s } and { %s } are strangers', (a, b) => {
    expect(two(a, b)).toEqual([]);
  });
});

it('B15 a prefix that ends inside a word takes more than the folder', () => {
  expect(ruleLints(`match: { keyPrefix: video }, ${MASTER}`)).toEqual([
    'prefix-boundary rules[0].match.keyPrefix: `video` also takes `videos/…`; end it with / if it is a folder',
  ]);
  expect(ruleLints(`match: { keyPrefix: img- }, ${MASTER}`)).toEqual([]);
});

it('credentials over plain http are pointed out', () => {
  const headers = 'headers: { authorization: { env: A } }';
  const [warning] = ruleLints(`origins: { masters: [{ url: "http://o.example/", ${headers} }] }`);
  expect(warning).toMatch(
    /^plain-http-credentials rules\[0\]\.origins\.masters\[0\]: `authorization`/,
  );
  expect(ruleLints(`origins: { masters: [{ url: "https://o.example/", ${headers} }] }`)).toEqual(
    [],
  );
});

it('a weight that nobody looks at is pointed out', () => {
  expect(ruleLints('origins: { masters: [{ url: "https://o.example/", weight: 2 }] }')).toEqual([
    'no-effect rules[0].origins.masters[0].weight: has no effect: select is ordered, not weighted',
  ]);
});

describe('origins on addresses that are refused', () => {
  it.each([
    '127.0.0.1:80',
    'localhost',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '[::1]:8080',
    '[fd00::1]',
    '127.1',
    '[::ffff:10.0.0.1]',
    '100.64.0.1',
  ])('%s names the address and the setting', (host) => {
    const [warning] = ruleLints(`origins: { masters: ["http://${host}/"] }`);
    expect(warning).toContain(`rules[0].origins.masters[0]: ${host} is a `);
    expect(warning).toContain('allowPrivate: true');
    expect(
      lints(`allowPrivate: true\nrules: [{ id: a, origins: { masters: ["http://${host}/"] } }]`),
    ).toEqual([]);
  });

  it.each(['172.32.0.1', '8.8.8.8', '[2606:4700::1]', 'o.example', '10.example.com'])(
    '%s is public',
    (host) => {
      expect(ruleLints(`origins: { masters: ["http://${host}/"] }`)).toEqual([]);
    },
  );

  it('link-local ones stay refused with allowPrivate, and connectTo counts, not the name', () => {
    const rule = (origin: string) =>
      `allowPrivate: true\nrules: [{ id: a, origins: { slaves: [], masters: [${origin}] } }]`;
    expect(lints(rule('"http://169.254.169.254/"'))[0]).toContain('always refused');
    expect(lints(rule('{ url: "http://o.example/", connectTo: "fe80::1" }'))[0]).toContain(
      'always refused',
    );
    expect(
      ruleLints('origins: { masters: [{ url: "http://127.0.0.1/", connectTo: 203.0.113.7 }] }'),
    ).toEqual([]);
  });
});
