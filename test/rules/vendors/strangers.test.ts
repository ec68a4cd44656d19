import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { FatalError } from '../../../src/model/failure.ts';
import { parseRules } from '../../../src/rules/parse-rules.ts';
import { importRules } from '../../../src/rules/vendors/import-rules.ts';
import { VENDORS } from '../../../src/rules/vendors/vendors.ts';
import { imported, refusal } from './imported.ts';

const vendors = [...VENDORS.keys()];

/** Words that documents are made of, so that garbage comes past the first check. */
const NAMES = [
  ...['rules', 'id', 'condition', 'redirect', 'publicSource', 'sourceEndpoint', 'master', 'slave'],
  ...['httpErrorCodeReturnedEquals', 'objectKeyPrefixEquals', 'replaceKeyWith', 'source_site'],
  ...['bucketMirroringConfiguration', 'sourceUrl', 'backSourceUrl', 'resource', 'prefix', 'suffix'],
  ...['Rules', 'ID', 'Condition', 'Redirect', 'PublicSource', 'SourceEndpoint', 'Primary'],
  ...['RoutingRules', 'RoutingRule', 'RedirectType', 'MirrorURL', 'HostName', 'ReplaceKeyWith'],
  ...['OriginRule', 'OriginType', 'OriginInfo', 'HostInfo', 'OriginParameter', 'FileInfo'],
  ...['source', 'host', 'provider', 'bucket', 'bucketUrl', 'destination', '__proto__', 'toString'],
];
const VALUES = [
  ...['http://o.example/', 'https://u:p@o.example/?token=x', 'Mirror', 'fetch', '404', '${key}'],
  ...['aws', 's3', '*', 'a*b', '', 'r1', '\u0000', '\ud800', '\u2028', '\uFFFD', "'", ': #', '- a'],
];

const scalar = fc.oneof(
  fc.constantFrom(...VALUES),
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 7, depthSize: 'large' },
    scalar,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('json'), { maxKeys: 5 }),
  ),
}));

const text = fc.constantFrom(...VALUES).map((value) => value.replaceAll(/[&<]/g, ''));
const { xml } = fc.letrec<{ xml: string }>((tie) => ({
  xml: fc.oneof(
    { maxDepth: 6, depthSize: 'large' },
    text,
    fc
      .array(fc.tuple(fc.constantFrom(...NAMES), tie('xml')), { maxLength: 4 })
      .map((pairs) => pairs.map(([name, inner]) => `<${name}>${inner}</${name}>`).join('')),
  ),
}));

/** A file that check accepts, or one line: nothing else may come of a document. */
function expectFileOrLine(vendor: string, document: string): void {
  let yaml: string;
  try {
    ({ yaml } = importRules({ vendor, text: document, file: 'in', bucketUrl: undefined }));
  } catch (error) {
    if (!(error instanceof FatalError)) throw error;
    expect(error.kind).toBe('usage');
    expect(error.message).toMatch(/^in: [^\n\r]{1,400}$/);
    return;
  }
  const { problems } = parseRules(yaml, 'out.yaml');
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  // As an address; elsewhere, such as in a key's prefix, it is no credential.
  expect(yaml).not.toMatch(/(?:url: |- )['"]?https:\/\/u:p@/);
}

describe('whatever the document, it becomes a file that check accepts, or one line', () => {
  test.each(vendors)('JSON for %s', (vendor) => {
    fc.assert(
      fc.property(json, (value) => {
        expectFileOrLine(vendor, JSON.stringify(value));
      }),
      { numRuns: 300 },
    );
  });

  test.each(['oss', 'cos', 's3-website'])('XML for %s', (vendor) => {
    const root = vendor === 'cos' ? 'OriginConfiguration' : 'WebsiteConfiguration';
    fc.assert(
      fc.property(xml, (inner) => {
        expectFileOrLine(vendor, `<${root}>${inner}</${root}>`);
      }),
      { numRuns: 300 },
    );
  });

  test.each(vendors)('text for %s', (vendor) => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('', '<', '{', '<a>'),
        (rest, head) => {
          expectFileOrLine(vendor, `${head}${rest}`);
        },
      ),
      { numRuns: 200 },
    );
  });

  /** Real samples with one value replaced come further than any garbage. */
  test.each(['obs', 'bos', 'tos', 'sippy', 'qingstor', 'qiniu'])(
    'samples of %s',
    async (vendor) => {
      const { readFileSync } = await import('node:fs');
      const sample = readFileSync(
        new URL(`../../../samples/vendors/${vendor}.json`, import.meta.url),
        'utf8',
      );
      const values = Array.from(sample.matchAll(/: (?<value>"[^"]*"|true|false|\d+)/g));
      fc.assert(
        fc.property(fc.constantFrom(...values), json, (value, other) => {
          const [whole] = value;
          const at = value.index;
          const after = sample.slice(at + whole.length);
          expectFileOrLine(vendor, `${sample.slice(0, at)}: ${JSON.stringify(other)}${after}`);
        }),
        { numRuns: 200 },
      );
    },
  );
});

describe('hostile documents are one line', () => {
  test('a document type is refused, so no entity can be declared', () => {
    const bomb = '<!DOCTYPE a [<!ENTITY x "xx"><!ENTITY y "&x;&x;">]><a>&y;</a>';
    expect(refusal('oss', `<?xml version="1.0"?>\n${bomb}`)).toContain('line 2: a document type');
    expect(refusal('oss', '<a>&y;</a>')).toContain('begins no entity');
  });

  test('deep nesting is refused in XML and JSON', () => {
    expect(refusal('oss', '<a>'.repeat(100_000))).toContain('nested too deeply');
    const list = `${'['.repeat(5000)}${']'.repeat(5000)}`;
    expect(refusal('obs', `{"rules":${list}}`)).toContain('nested too deeply');
  });

  test('a huge document is refused', () => {
    const text = `{"source_site":"http://h.example/${'a'.repeat(5 * 1024 * 1024)}"}`;
    expect(refusal('qingstor', text)).toMatch(/has \d+ characters, at most/);
  });

  test.each([
    ['<?xml version="1.0" encoding="GBK"?><WebsiteConfiguration/>', 'its encoding is GBK'],
    ['<WebsiteConfiguration>', 'ends within <WebsiteConfiguration>'],
    ['<WebsiteConfiguration></WebsiteConfiguration><b/>', 'a second root element'],
    ['<WebsiteConfiguration>text<b/></WebsiteConfiguration>', 'text stands between'],
    ['<WebsiteConfiguration a=b/>', 'not well-formed'],
    ['<Other/>', 'expected the root <WebsiteConfiguration>'],
    ['<WebsiteConfiguration/>', 'holds no rule'],
    ['{"a":1}', 'is not XML'],
    ['  \n', 'is empty'],
  ])('%s', (document, words) => {
    expect(refusal('oss', document)).toContain(words);
  });

  test.each(['qingstor', 'obs', 'qiniu', 'bos', 'tos', 'sippy', 's3-website'])(
    'JSON for %s with a field that stands twice is refused, naming it',
    (vendor) => {
      const line = refusal(vendor, '{\n"a": {"b": [1, {"c": 1, "c": 2}]}\n}');
      expect(line).toBe('in: a.b[1]: `c` stands twice (line 2); keep one');
    },
  );

  test.each([
    ['null', 'expected an object, got null'],
    ['[]', 'expected an object, got a list'],
    ['1', 'expected an object, got a number'],
    ['"x"', 'expected an object, got text'],
    ['{"rules": {}}', '`rules`: expected a list, got fields'],
    ['{"rules": [true]}', 'rules[0]: expected an object, got true or false'],
  ])('%s is of the wrong type', (document, words) => {
    expect(refusal('obs', document)).toBe(`in: ${words}`);
  });

  test('broken JSON is told without repeating it', () => {
    const line = refusal('sippy', '{\n"secretAccessKey": "hunter2" oops }');
    expect(line).toMatch(/^in: is not valid JSON/);
    expect(line).not.toContain('hunter2');
  });

  test('CDATA, references, comments, prefixes and a BOM are read', () => {
    const document =
      '\uFEFF<?xml version="1.0"?><!-- c --><w:WebsiteConfiguration xmlns:w="urn:x"><RoutingRules><RoutingRule><Redirect><RedirectType>Mirror</RedirectType><MirrorURL><![CDATA[http://o.example/?a=1&b=2]]></MirrorURL><MirrorURLSlave>http://s.example/?a=1&amp;b=&#50;</MirrorURLSlave></Redirect></RoutingRule></RoutingRules></w:WebsiteConfiguration>';
    const { yaml } = imported('oss', document);
    expect(yaml).toContain('http://o.example/?a=1&b=2');
    expect(yaml).toContain('http://s.example/?a=1&b=2');
  });

  test('a comment of the output cannot be ended by the document', () => {
    const document = {
      source_site: 'http://h.example/',
      'x\nrules: []\r\u2028# ': 'y',
    };
    expect(imported('qingstor', document).rules.rules).toHaveLength(1);
    expect(imported('qingstor', document).yaml).not.toMatch(/^rules: \[\]/m);
  });

  test('half a million elements are read in one go', () => {
    const elements = '<a/>\n'.repeat(500_000);
    const document = `<WebsiteConfiguration>${elements}</WebsiteConfiguration>`;
    expect(refusal('oss', document)).toContain('holds no rule');
  });

  test('warnings are counted where there are too many to read', () => {
    const fields = Array.from({ length: 5000 }, (_, at) => [`f${at}`, 1] as const);
    const document = { source_site: 'http://h.example/', ...Object.fromEntries(fields) };
    const { warnings } = imported('qingstor', document);
    expect(warnings.split('\n')).toHaveLength(201);
    expect(warnings).toContain('4800 more fields were dropped');
  });
});
