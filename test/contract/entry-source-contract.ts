import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Entry, EntryBatch, EntrySource, SourcePosition } from '../../src/model/entry.ts';
import { keyProblem } from '../../src/model/object-key.ts';

/** A source under test over a list of the given bytes, and how to be rid of it. */
export interface SourceUnderTest {
  readonly source: EntrySource;
  readonly destroy: () => Promise<void>;
}

/** The beginning of every list. */
export const LIST_START: SourcePosition = { end: 0, prefixCrc: 0 };

/** All batches of a source from a position on. */
export async function collect(source: EntrySource, from = LIST_START): Promise<EntryBatch[]> {
  const { signal } = new AbortController();
  const batches: EntryBatch[] = [];
  for await (const batch of source.batches(from, signal)) batches.push(batch);
  return batches;
}

/** An entry as one text: its key, or its bytes where they are no key. */
export function entryText(entry: Entry): string {
  if ('key' in entry) return entry.key;
  return 'key' in entry.invalid ? entry.invalid.key : `base64 ${entry.invalid.keyBase64}`;
}

/** What a plain list of these bytes says, told another way than the product does. */
function linesOf(bytes: Buffer): string[] {
  const marked = bytes.subarray(0, 3).equals(Buffer.from('\ufeff'));
  const latin = bytes.subarray(marked ? 3 : 0).toString('latin1');
  const parts = latin.split('\n');
  const last = parts.pop() ?? '';
  return [...parts.map((line) => line.replace(/\r$/, '')), last]
    .filter((line) => line !== '')
    .map((line) => {
      const raw = Buffer.from(line, 'latin1');
      const text = raw.toString('utf8');
      return Buffer.from(text).equals(raw) ? text : `base64 ${raw.toString('base64')}`;
    });
}

const LISTS: Readonly<Record<string, Buffer>> = {
  'no bytes': Buffer.alloc(0),
  'one line without an end': Buffer.from('a'),
  'plain lines': Buffer.from('a\nb/c\n d \n'),
  'CRLF and blank lines': Buffer.from('\r\na\r\n\r\n\nb\r\r\n\r\nc\r'),
  'a byte order mark': Buffer.from('\ufeffa\n\ufeffb\n'),
  'a byte order mark alone': Buffer.from('\ufeff'),
  'a key that is not UTF-8': Buffer.from([0x61, 0x0a, 0xff, 0xfe, 0x0a, 0x62]),
  'a key of 2,000 bytes': Buffer.from(`${'k'.repeat(2000)}\nb\n`),
  'more entries than a batch holds': Buffer.from(
    Array.from({ length: 5000 }, (_, index) => `key/${String(index)}\n`).join(''),
  ),
  'more bytes than a batch holds': Buffer.from(
    Array.from({ length: 900 }, (_, index) => `${String(index)}-${'k'.repeat(1000)}\r\n`).join(''),
  ),
  'a great many blank lines': Buffer.from(`a\n${'\n'.repeat(600_000)}b\n`),
};

/** What every EntrySource over a plain list keeps. */
export function entrySourceContract(
  name: string,
  make: (bytes: Buffer) => Promise<SourceUnderTest>,
): void {
  const { signal } = new AbortController();

  async function withSource(
    bytes: Buffer,
    work: (source: EntrySource) => Promise<void>,
  ): Promise<void> {
    const { source, destroy } = await make(bytes);
    try {
      await work(source);
    } finally {
      await source.close();
      await destroy();
    }
  }

  async function checkWhole(bytes: Buffer): Promise<void> {
    await withSource(bytes, async (source) => {
      const batches = await collect(source);
      expect(batches.flatMap((batch) => batch.entries).map(entryText)).toEqual(linesOf(bytes));
      let end = 0;
      for (const batch of batches) {
        expect(batch.start).toBe(end);
        expect(batch.end).toBeGreaterThan(batch.start);
        expect(batch.prefixCrc).toBe(crc32(bytes.subarray(0, batch.end)));
        expect(batch.entries.length).toBeGreaterThan(0);
        expect(batch.entries.length).toBeLessThanOrEqual(1024);
        expect(await source.reread(batch.start, batch.end, signal)).toEqual(batch.entries);
        expect(await source.startsWith(batch, signal)).toBe(true);
        end = batch.end;
      }
      const at = Math.floor(batches.length / 2);
      const middle = batches[at];
      if (middle === undefined) return;
      const rest = await collect(source, middle);
      expect(rest.flatMap((batch) => batch.entries)).toEqual(
        batches.slice(at + 1).flatMap((batch) => batch.entries),
      );
      expect(rest.at(-1)?.prefixCrc).toBe(batches.slice(at + 1).at(-1)?.prefixCrc);
      const all = batches.flatMap((batch) => batch.entries);
      expect(await source.reread(0, end, signal)).toEqual(all);
    });
  }

  describe(`${name} keeps the contract of EntrySource`, () => {
    it.each(Object.keys(LISTS))('gives each line of a list once, in order: %s', async (title) => {
      await checkWhole(LISTS[title] ?? Buffer.alloc(0));
    });

    it('gives out arbitrary bytes line by line, from any batch on', async () => {
      const piece = fc.constantFrom('\n', '\r\n', '\r', 'a', 'b/c', ' ', '\u00e9', '\ufeff', '%0A');
      const textual = fc.array(piece, { maxLength: 60 }).map((all) => Buffer.from(all.join('')));
      const binary = fc.uint8Array({ maxLength: 200 }).map((all) => Buffer.from(all));
      // UTF-16's marks and gzip's magic are told apart by their own tests.
      const isPlain = (bytes: Buffer): boolean =>
        !['fffe', 'feff', '1f8b'].includes(bytes.toString('hex', 0, 2));
      await fc.assert(fc.asyncProperty(fc.oneof(textual, binary).filter(isPlain), checkWhole), {
        numRuns: 40,
      });
    });

    it('knows a list that was only appended to, and one that was not', async () => {
      const whole = Buffer.from('a\nb\r\nc\nd');
      const at = (length: number): SourcePosition => ({
        end: length,
        prefixCrc: crc32(whole.subarray(0, length)),
      });
      await withSource(whole, async (source) => {
        for (const length of [0, 2, 5, 7, 8]) {
          expect(await source.startsWith(at(length), signal), String(length)).toBe(true);
        }
        expect(await source.startsWith({ end: 9, prefixCrc: crc32(whole) }, signal)).toBe(false);
        expect(await source.startsWith({ end: 5, prefixCrc: 1 }, signal)).toBe(false);
      });
    });

    it.each([
      ['a\nb', '', true],
      ['a\nb', '\n', true],
      ['a\nb', '\nc\n', true],
      ['a\nb', '\r\nc', true],
      ['a\nb', 'c\n', false],
      ['a\nb', '\r', false],
      ['a\nb', '\rc', false],
      ['a\nb\r', '\n', false],
      ['a\nb\r', '\r\nc', true],
      ['a\nb\n', 'c', true],
    ])('judges %j grown by %j: the same list is %j', async (before, more, same) => {
      await withSource(Buffer.from(before + more), async (source) => {
        const position = { end: before.length, prefixCrc: crc32(before) };
        expect(await source.startsWith(position, signal)).toBe(same);
        if (!same) return;
        const rest = (await collect(source, position)).flatMap((batch) => batch.entries);
        expect(rest.map(entryText)).toEqual(linesOf(Buffer.from(more)));
      });
    });

    it('tells why an entry is no key', async () => {
      const list = Buffer.concat([Buffer.from([0xc3, 0x0a]), Buffer.from('k'.repeat(1025))]);
      await withSource(list, async (source) => {
        const entries = (await collect(source)).flatMap((batch) => batch.entries);
        expect(entries).toEqual([
          { invalid: { keyBase64: 'ww==' }, reason: 'the key is not UTF-8' },
          { invalid: { key: 'k'.repeat(1025) }, reason: keyProblem('k'.repeat(1025)) },
        ]);
      });
    });

    it('refuses UTF-16 and says what to do', async () => {
      for (const text of ['a\nb\n', 'no line end']) {
        const list = Buffer.from(`\ufeff${text}`, 'utf16le');
        await withSource(list, async (source) => {
          await expect(collect(source)).rejects.toMatchObject({ kind: 'usage' });
          await expect(collect(source)).rejects.toThrow('save it as UTF-8');
        });
      }
    });

    it('refuses a line that no list of keys has, and says where it is', async () => {
      const list = Buffer.concat([
        Buffer.from('abc\n'),
        Buffer.alloc(1_100_000, 'x'),
        Buffer.from('\nb'),
      ]);
      await withSource(list, async (source) => {
        await expect(collect(source)).rejects.toMatchObject({ kind: 'usage' });
        await expect(collect(source)).rejects.toThrow('line at byte 4 ');
      });
    });

    it('says so when a part to read again is not there any more', async () => {
      await withSource(Buffer.from('a\nb\n'), async (source) => {
        await expect(source.reread(2, 6, signal)).rejects.toMatchObject({ kind: 'usage' });
      });
    });

    it('stops with the reason of its signal', async () => {
      const list = Buffer.from('key\n'.repeat(300_000));
      await withSource(list, async (source) => {
        const stop = new AbortController();
        const reason = new Error('stopped');
        const read = async (): Promise<number> => {
          let count = 0;
          for await (const batch of source.batches(LIST_START, stop.signal)) {
            count += batch.entries.length;
            stop.abort(reason);
          }
          return count;
        };
        await expect(read()).rejects.toBe(reason);
      });
    });
  });
}
