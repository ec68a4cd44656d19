import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { RuleVendor } from '../../../src/model/vendor-documents.ts';
import { putRules } from '../../../src/rules/vendors/put-rules.ts';
import { imported } from './imported.ts';
import { refusalOf, rulesPut } from './put-limits.ts';

const sample = (name: string): string =>
  readFileSync(new URL(`../../../samples/vendors/${name}`, import.meta.url), 'utf8');

/** The request of PutBucketMirroring's page, without the name that contradicts its mode. */
const BOS_PAGE = {
  bucketMirroringConfiguration: [
    {
      mode: 'fetch',
      sourceUrl: 'http://www.baidu.com',
      backSourceUrl: 'bos://bj.bcebos.com/bucket',
      resource: 'folder1/folder2*.jpeg',
      prefix: 'testprefix',
      suffix: '.jpeg',
      version: 'v2',
      prefixReplace: 'a/b/c',
      passQuerystring: true,
      storageClass: 'STANDARD',
      customHeaders: [
        { headerName: 'testheader1', headerValue: 'name1' },
        { headerName: 'TestHeaderName', headerValue: 'TestHeaderValue' },
      ],
      ignoreHeaders: ['BanHeader1', 'BanHeader2'],
      passHeaders: ['AllowHeader1', 'AllowHeader2'],
    },
  ],
};

describe('documents of the vendors’ own pages', () => {
  test('H38 the sample of OBS becomes its rule, with one of the two key fields', () => {
    expect(rulesPut('obs', sample('obs.json'))).toMatchObject([
      {
        id: 'abc123',
        action: 'mirror',
        match: { keyPrefix: 'video/', methods: ['GET', 'HEAD'], statuses: [404] },
        key: { replacePrefix: 'picture/', template: undefined },
        origins: {
          select: 'roundRobin',
          masters: [
            { url: { text: 'http://bucket1.xxx.yyy.com' } },
            { url: { text: 'https://bucket2.xxx.yyy.com' } },
          ],
          slaves: [
            { url: { text: 'http://bucket3.xxx.yyy.com' } },
            { url: { text: 'https://bucket4.xxx.yyy.com' } },
          ],
          retryOn: ['4XX', '5XX'],
        },
        request: {
          passQuery: true,
          followRedirects: true,
          refererOnRedirect: false,
          headers: {
            passAll: false,
            pass: ['content-encoding'],
            remove: ['content-type'],
            set: [{ name: 'helloworld', value: { text: '2222' } }],
          },
        },
        response: { onError: 404 },
        store: { requireLength: true },
      },
    ]);
    const other = sample('obs.json').replace(
      '"replaceKeyPrefixWith": "picture/"',
      '"replaceKeyWith": "prefix${key}suffix"',
    );
    expect(rulesPut('obs', other)).toMatchObject([
      { key: { replacePrefix: undefined, template: { before: 'prefix', after: 'suffix' } } },
    ]);
  });

  test('H32 the sample of OBS as it is printed is refused, naming both key fields', () => {
    const printed = sample('obs.json').replace(
      '"replaceKeyPrefixWith"',
      '"replaceKeyWith": "prefix${key}suffix", "replaceKeyPrefixWith"',
    );
    expect(refusalOf('obs', printed)).toBe(
      'the document: rules[0].redirect: `replaceKeyWith` and `replaceKeyPrefixWith` contradict each other; keep one',
    );
  });

  test('the request of BOS becomes its rule; with a fixed name beside fetch it is refused', () => {
    expect(rulesPut('bos', BOS_PAGE)).toMatchObject([
      {
        id: 'bos-1',
        match: { keyPrefix: 'folder1/folder2', keySuffix: '.jpeg', methods: ['GET'] },
        key: { replacePrefix: 'a/b/c', addPrefix: 'testprefix/' },
        origins: { slaves: [{ url: { text: 's3://bucket/' } }], retryOn: [404, '5XX'] },
        request: { passQuery: true, headers: { pass: ['allowheader1', 'allowheader2'] } },
        store: { storageClass: 'STANDARD' },
      },
    ]);
    const [rule] = BOS_PAGE.bucketMirroringConfiguration;
    const printed = { bucketMirroringConfiguration: [{ ...rule, fixedKey: 'folder1/404.jpeg' }] };
    expect(refusalOf('bos', printed)).toContain('`fixedKey` and `mode` fetch');
  });

  test.each<readonly [RuleVendor, string]>([
    ['qingstor', 'qingstor.json'],
    ['obs', 'obs.json'],
    ['oss', 'oss.xml'],
    ['bos', JSON.stringify(BOS_PAGE)],
  ])('what %s takes becomes the rules and warnings that import gives', (vendor, document) => {
    const text = document.startsWith('{') ? document : sample(document);
    const put = putRules(vendor, text);
    if (!put.accepted) throw new Error(put.message);
    const { rules, warnings } = imported(vendor, text);
    expect(put.rules).toEqual(rules.rules);
    expect(put.warnings.map(({ path, message }) => `${path}: ${message}`).join('\n')).toBe(
      warnings,
    );
  });
});

describe('documents that can’t be read', () => {
  test.each<readonly [RuleVendor, string, string]>([
    ['qingstor', '', 'the document: is empty'],
    ['qingstor', '{"source_site": "http://h.example"', 'ends within a value'],
    ['qingstor', '<source_site/>', 'is XML'],
    ['obs', '{"rules": [}', 'is not valid JSON'],
    ['obs', '{"rules": [], "rules": []}', '`rules` stands twice'],
    ['oss', '{}', 'is not XML'],
    ['oss', '<WebsiteConfiguration>', 'ends within <WebsiteConfiguration>'],
    ['oss', '<!DOCTYPE a><WebsiteConfiguration/>', 'DOCTYPE'],
    ['oss', '<CORSConfiguration/>', 'expected the root <WebsiteConfiguration>'],
    ['bos', 'bucketMirroringConfiguration', 'is not valid JSON'],
  ])('%s: %j is malformed', (vendor, text, why) => {
    const put = putRules(vendor, text);
    expect(put).toMatchObject({ accepted: false, problem: 'malformed' });
    expect(put).toHaveProperty('message', expect.stringContaining(why));
  });

  test.each<readonly [RuleVendor, string]>([
    ['qingstor', sample('qingstor.json')],
    ['obs', sample('obs.json')],
    ['oss', sample('oss.xml')],
    ['bos', JSON.stringify(BOS_PAGE)],
  ])(
    '%s: whatever is cut out of a document or put into it, it is taken or refused',
    (vendor, text) => {
      const at = fc.nat(text.length);
      const mark = fc.constantFrom(
        '',
        '"',
        '{',
        '[',
        '0',
        '<',
        '/',
        '*',
        'null',
        '\u0000',
        '\ud800',
      );
      fc.assert(
        fc.property(at, fc.nat(40), mark, (start, length, put) => {
          const changed = `${text.slice(0, start)}${put}${text.slice(start + length)}`;
          const { accepted, ...rest } = putRules(vendor, changed);
          expect('message' in rest ? rest.message : 'one line').not.toContain('\n');
          expect('rules' in rest).toBe(accepted);
        }),
        { numRuns: 300 },
      );
    },
  );

  test('a mark of the byte order does no harm', () => {
    expect(rulesPut('qingstor', '\uFEFF{"source_site": "http://h.example/"}')).toHaveLength(1);
  });
});
