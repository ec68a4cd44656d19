import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { keyProblem } from '../../src/model/object-key.ts';
import type { KeysFormat } from '../../src/scan/keys-format.ts';
import { openSpooledList } from '../../src/scan/spool-list.ts';
import { collect } from '../contract/entry-source-contract.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { entriesOf, told, withFile, withList } from './list-under-test.ts';

const MD5 = '1B2M2Y8AsgTpgAmY7PhCfg==';
const ALL = {
  key: 'a/b',
  url: 'https://o.example/x?sig=1',
  size: 12,
  etag: '"e"',
  md5: MD5,
  lastModifiedMs: Date.UTC(2026, 0, 31, 23, 59, 59),
};

describe('every format', () => {
  const LISTS: Readonly<Record<string, readonly [KeysFormat, string]>> = {
    'list.csv': [
      'csv',
      `key,url,size,etag,md5,lastModified\na/b,https://o.example/x?sig=1,12,"""e""",${MD5},2026-01-31T23:59:59Z\n`,
    ],
    'list.tsv': [
      'tsv',
      `lastModified\tmd5\tetag\tsize\turl\tkey\nSat, 31 Jan 2026 23:59:59 GMT\td41d8cd98f00b204e9800998ecf8427e\t"""e"""\t12\thttps://o.example/x?sig=1\ta/b\n`,
    ],
    'list.jsonl': [
      'jsonl',
      `${JSON.stringify({ ...ALL, lastModifiedMs: undefined, lastModified: '2026-02-01T01:59:59+02:00', other: [1] })}\n`,
    ],
  };

  it.each(Object.entries(LISTS))(
    'declares what it says of an object: %s',
    async (name, [, text]) => {
      for (const [bytes, file] of [
        [Buffer.from(text), name],
        [Buffer.from(`\ufeff${text}`), name],
        [Buffer.from(text.replaceAll('\n', '\r\n')), name],
        [Buffer.from(text.trimEnd()), name],
        [gzipSync(text), `${name}.gz`],
        [gzipSync(text), name],
      ] as const) {
        expect(await entriesOf(bytes, file)).toEqual([ALL]);
      }
    },
  );

  it('is told by the name before .gz, by the first line, or by whoever asks for it', async () => {
    const formatOf = (bytes: string, name: string, format?: KeysFormat): Promise<string> =>
      withList(bytes, name, { format }, (list) => Promise.resolve(list.format));
    for (const [name, [format, text]] of Object.entries(LISTS)) {
      expect(await formatOf(text, name)).toBe(format);
      expect(await formatOf(text, name.toUpperCase())).toBe(format);
      expect(await formatOf(text, 'keys.txt', format)).toBe(format);
      expect(await formatOf(text, name, 'plain')).toBe('plain');
    }
    expect(await formatOf('{"key":"a"}', 'list.json')).toBe('jsonl');
    expect(await formatOf('TsvHttpData-1.0\n', 'list.tsv')).toBe('gcs-tsv');
    expect(await formatOf('\ufeffTsvHttpData-1.0\r\n', 'list.txt')).toBe('gcs-tsv');
    expect(await formatOf('TsvHttpData-1.0 is a key\n', 'list.txt')).toBe('plain');
    expect(await formatOf('a,b\n', 'list.txt')).toBe('plain');
  });

  it.each(['csv', 'tsv', 'jsonl', 'gcs-tsv', 'url-key', 'plain'] as const)(
    'has no entries where there are no bytes: %s',
    async (format) => {
      expect(await entriesOf('', 'list', { format })).toEqual([]);
      expect(await entriesOf('\ufeff', 'list', { format: 'csv' })).toEqual([]);
    },
  );
});

const ODD_KEYS = [
  'a,b',
  'a\tb',
  '"quoted"',
  'qu"ote',
  '"',
  '""',
  'line\nbreak',
  'carriage\rreturn',
  'both\r\n',
  ' spaces ',
  '%2F',
  'a+b',
  'a//b/',
  'é'.normalize('NFC'),
  'é'.normalize('NFD'),
  '\ufeffmark',
  '€'.repeat(341),
  'k'.repeat(1024),
  '\u0000',
  '=1+1',
];

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const WRITERS: Readonly<Record<'csv' | 'tsv' | 'jsonl', (keys: readonly string[]) => string>> = {
  csv: (keys) => `size,key\r\n${keys.map((key) => `1,${quoted(key)}\r\n`).join('')}`,
  tsv: (keys) => `key\tsize\n${keys.map((key) => `${quoted(key)}\t1\n`).join('')}`,
  jsonl: (keys) => keys.map((key) => `${JSON.stringify({ key, size: 1 })}\n`).join(''),
};

describe.each(Object.entries(WRITERS))('keys in %s', (format, write) => {
  it('come back as they were written, however odd', async () => {
    const entries = await entriesOf(write(ODD_KEYS), `odd.${format}`);
    expect(entries).toEqual(ODD_KEYS.map((key) => ({ key, size: 1 })));
  });

  it('come back as they were written, whatever they are', async () => {
    const piece = fc.constantFrom('"', ',', '\t', '\n', '\r', 'a', 'é', '%', '+', '{', '\\', ' ');
    const text = fc.oneof(
      fc.array(piece).map((all) => all.join('')),
      fc.string({ unit: 'binary' }),
    );
    const key = text.filter((one) => keyProblem(one) === undefined);
    await fc.assert(
      fc.asyncProperty(fc.array(key, { maxLength: 30 }), async (keys) => {
        const entries = await entriesOf(write(keys), `any.${format}`);
        expect(entries).toEqual(keys.map((one) => ({ key: one, size: 1 })));
      }),
      { numRuns: 40 },
    );
  });

  it('come back over more than one batch, and from any of them', async () => {
    const keys = Array.from({ length: 2500 }, (_, index) => `line\n${String(index)},"x"`);
    const entries = await entriesOf(write(keys), `many.${format}`);
    expect(entries).toEqual(keys.map((key) => ({ key, size: 1 })));
  });
});

describe('a table', () => {
  it('of any bytes says the same however its bytes come, and whatever is read again', async () => {
    const piece = fc.constantFrom('"', '""', '"a"', ',', '\n', '\r\n', '\r', 'a', 'b,1\n', '\xff');
    const rows = fc.array(piece, { maxLength: 60 }).map((all) => all.join(''));
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 7 }), async (text, size) => {
        const bytes = Buffer.from(`key,size\n${text}`, 'latin1');
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        const whole = await entriesOf(bytes, 'any.csv');
        const spooled = await withFile('', 'spool', async (spoolPath) => {
          const { signal } = new AbortController();
          const input = Readable.from(pieces, { objectMode: false });
          const options = { input, spoolPath, format: 'csv', clock: fakeClock(), signal } as const;
          const list = await openSpooledList(options);
          const batches = await collect(list);
          await list.close();
          return batches.flatMap((batch) => batch.entries);
        });
        expect(spooled).toEqual(whole);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ['key\na\n\nb\r\n\r\nc', ['a', 'b', 'c']],
    ['Key,Size\na,1\n', ['a']],
    ['"key", size \na,1\n', ['a']],
    ['key\nqu"ote\n', ['qu"ote']],
    ['key,size\na,\n', ['a']],
  ])('passes over blank lines and reads what people write: %j', async (text, keys) => {
    expect(await told(text, 'list.csv')).toEqual(keys);
  });

  it.each([
    ['a,b.txt,3', 'has 3 fields, expected 2'],
    ['a', 'has 1 fields, expected 2'],
    ['"a,1', 'has quotes that do not match'],
    ['"a"b,1', 'has quotes that do not match'],
    ['a,-1', 'size "-1" is no number of bytes'],
    ['a,1.5', 'size "1.5" is no number of bytes'],
    ['a,99999999999999999999', 'is no number of bytes'],
    [',1', 'the key is empty'],
    [`${'k'.repeat(1025)},1`, 'the key has 1025 bytes'],
  ])('takes a bad record for one bad entry, with its place: %j', async (bad, reason) => {
    const [first, second, third, ...rest] = await told(`key,size\nx,1\n${bad}\ny,2\n`, 'list.csv');
    expect([first, third, rest]).toEqual(['x', 'y', []]);
    expect(second).toContain(reason);
    expect(second).toContain('byte 13 of the list');
  });

  it.each([
    ['never closed', 2000, 'end'],
    ['closed much too late', 100, 'end"'],
  ])('loses no line to a quote that is %s', async (_, count, last) => {
    const lines = Array.from(
      { length: count },
      (_none, index) => `${'k'.repeat(1000)}${String(index)}`,
    );
    const keys = await told(`key\n"never\n${lines.join('\n')}\n${last}\n`, 'list.csv');
    expect(keys.slice(1)).toEqual([...lines, last]);
    expect(keys[0]).toContain('quotes that do not match');
  });

  it('that is not UTF-8 tells the bytes of the key', async () => {
    const list = Buffer.from('key,note\nok,\n\xff,x\nfine,\xff\nz,\n', 'latin1');
    const entries = await entriesOf(list, 'list.csv');
    expect(entries).toMatchObject([
      { key: 'ok' },
      { invalid: { keyBase64: '/w==' } },
      { invalid: { key: 'fine' } },
      { key: 'z' },
    ]);
  });

  it('tells once which columns mean nothing', async () => {
    const notes: string[] = [];
    const note = (line: string): unknown => notes.push(line);
    await entriesOf('key,owner,Size,acl\na,me,1,x\n', 'list.csv', { note });
    expect(notes).toEqual([expect.stringMatching(/list\.csv: .*: owner, acl$/)]);
  });

  it.each([
    ['size,etag\n1,e\n', 'names no column key'],
    ['\nkey\n', 'names no column key'],
    ['a/b.txt\nc.txt\n', '--keys-format plain'],
    ['url,size\nhttps://o.example/a,1\n', 'a column url and none key'],
    ['key,size,KEY\n', 'names the column key 2 times'],
  ])('whose header is none is refused, with what is missing: %j', async (text, reason) => {
    const opening = told(text, 'list.csv');
    await expect(opening).rejects.toMatchObject({ name: 'FatalError', kind: 'usage' });
    await expect(opening).rejects.toThrow(reason);
  });
});

describe('what is declared', () => {
  it.each([
    ['url', 'ftp://o.example/a'],
    ['url', '/a'],
    ['md5', 'd41d8cd98f00b204'],
    ['md5', 'not base64 of 16 bytes!!'],
    ['lastModified', '2026-01-31'],
    ['lastModified', '2026-01-31T10:00:00'],
    ['lastModified', 'yesterday'],
    ['lastModified', '1700000000'],
    ['size', 'true'],
  ])('and can not be read makes the entry a bad one: %s %s', async (field, value) => {
    const line = JSON.stringify({ key: 'k', [field]: value });
    const [entry] = await entriesOf(`${line}\n`, 'list.jsonl');
    expect(entry).toMatchObject({ invalid: { key: 'k' } });
    expect(JSON.stringify(entry)).toContain(field);
  });

  it('as a URL is never shown where it is bad, since it may hold a secret', async () => {
    const secret = 'canary';
    for (const [text, name] of [
      [`key,url\nk,htp://u:${secret}@o.example/\n`, 'list.csv'],
      [`htp://u:${secret}@o.example/\tk\nhttps://u:${secret}@o.example/\n`, 'list.url-key'],
    ] as const) {
      const format = name === 'list.csv' ? 'csv' : 'url-key';
      expect(JSON.stringify(await entriesOf(text, name, { format }))).not.toContain(secret);
    }
  });
});
