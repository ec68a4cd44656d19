import { describe, expect, it } from 'vitest';

import { entriesOf, told } from './list-under-test.ts';

const MD5 = '1B2M2Y8AsgTpgAmY7PhCfg==';

describe('JSON Lines', () => {
  it.each([
    ['{"key":1}', 'has no text under "key"'],
    ['{"path":"a"}', 'has no text under "key"'],
    ['["a"]', 'is no JSON object'],
    ['"a"', 'is no JSON object'],
    ['{"key":"a"', 'is no JSON object'],
    ['{"key":"\\ud800"}', 'surrogate'],
    ['{"keyBase64":"/w=="}', 'the key is not UTF-8'],
  ])('takes a bad line for one bad entry: %s', async (bad, reason) => {
    const [first, second, third] = await told(`{"key":"x"}\n${bad}\n{"key":"y"}`, 'list.jsonl');
    expect([first, third]).toEqual(['x', 'y']);
    expect(second).toContain(reason);
    expect(second).toContain('byte 12 of the list');
  });

  it('may be the events of a run, whose objects are the entries and declare nothing', async () => {
    const events = [
      { event: 'start', schema: 1, command: 'migrate', job: 'j', resumed: false },
      { event: 'object', key: 'a', outcome: 'copied', bytes: 3, etag: '"of the bucket"' },
      { event: 'object', keyBase64: '/w==', outcome: 'failed', code: 'KEY_INVALID' },
      { event: 'progress', listed: 2 },
      { event: 'summary', listed: 2 },
    ];
    const list = events.map((event) => `${JSON.stringify(event)}\n`).join('');
    expect(await entriesOf(list, 'events.jsonl')).toEqual([
      { key: 'a' },
      { invalid: { keyBase64: '/w==' }, reason: expect.stringContaining('not UTF-8') as string },
    ]);
  });

  it('may be a manifest, whose times without seconds declare nothing', async () => {
    const line = { key: 'a', size: 3, etag: '"e"', rule: 'all', originKey: 'b' };
    const lines = ['2026-01-31T23:59:00.000Z', '2026-01-31T23:59Z'].map((lastModified) =>
      JSON.stringify({ ...line, lastModified }),
    );
    expect(await entriesOf(lines.join('\n'), 'manifest.jsonl')).toEqual([
      { key: 'a', size: 3, etag: '"e"', lastModifiedMs: Date.UTC(2026, 0, 31, 23, 59) },
      { key: 'a', size: 3, etag: '"e"' },
    ]);
  });

  it('are no JSON array, which is refused with what to do', async () => {
    await expect(told(' [{"key":"a"}]', 'list.json')).rejects.toThrow("jq -c '.[]'");
  });
});

describe('a URL list of Google', () => {
  const list = (...lines: string[]): string => ['TsvHttpData-1.0', ...lines, ''].join('\n');

  it('names its keys host/path, and declares size and MD5', async () => {
    const entries = await entriesOf(
      list(
        `https://Example.com:8443/a%20b/c?sig=1\t0\t${MD5}`,
        'http://u:p@example.com/x\t7',
        '',
        'http://example.com',
      ),
      'list.tsv.gz'.replace('.gz', ''),
    );
    expect(entries).toEqual([
      {
        key: 'example.com/a%20b/c',
        url: 'https://Example.com:8443/a%20b/c?sig=1',
        size: 0,
        md5: MD5,
      },
      { key: 'example.com/x', url: 'http://u:p@example.com/x', size: 7 },
      { key: 'example.com/', url: 'http://example.com' },
    ]);
  });

  it('takes a bad line for one bad entry', async () => {
    const keys = await told(
      list(
        'ftp://e.example/a',
        'http://e.example/a\tx',
        'http://e.example/a\t1\t2\t3',
        'http://e.example/z',
      ),
      'list',
    );
    expect(keys).toEqual([
      expect.stringContaining('has no absolute http or https URL'),
      expect.stringContaining('size "x"'),
      expect.stringContaining('more than URL, size and MD5'),
      'e.example/z',
    ]);
  });

  it('is none without its first line', async () => {
    await expect(told('http://a.example/\n', 'l', { format: 'gcs-tsv' })).rejects.toThrow(
      'TsvHttpData-1.0',
    );
  });
});

it('a list of URL, tab, key takes the rest of the line for the key', async () => {
  const text =
    '\ufeffhttps://o.example/1\ta\tb "c" \r\nno tab\n\thttps://o.example/2\nhttps://o.example/3\t\n';
  expect(await entriesOf(text, 'l', { format: 'url-key' })).toEqual([
    { key: 'a\tb "c" ', url: 'https://o.example/1' },
    { invalid: { key: '' }, reason: expect.stringContaining('no tab') as string },
    { invalid: { key: '' }, reason: expect.stringContaining('no absolute http') as string },
    { invalid: { key: '' }, reason: expect.stringContaining('the key is empty') as string },
  ]);
});
