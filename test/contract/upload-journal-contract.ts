import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objectKey } from '../../src/model/object-key.ts';
import { MAX_SEALED_BYTES, type UploadJournal } from '../../src/model/upload-journal.ts';

/** A journal as it was opened, and what gives it back. */
export interface OpenedJournal {
  readonly journal: UploadJournal;
  close(): Promise<void>;
}

/** What every UploadJournal does, whatever it is made of. `open` may be given a directory twice. */
export function uploadJournalContract(
  name: string,
  open: (directory: string) => Promise<OpenedJournal>,
): void {
  describe(`an upload journal (${name})`, () => {
    let directory: string;
    let opened: OpenedJournal;
    let journal: UploadJournal;
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'bucketfill-journal-'));
      opened = await open(directory);
      ({ journal } = opened);
    });
    afterEach(async () => {
      await opened.close();
      await rm(directory, { recursive: true, force: true });
    });

    const a = objectKey('video/a.mp4');
    const b = objectKey('video/b.mp4');
    const find = async (key: string): Promise<string | undefined> =>
      (await journal.all()).find((record) => record.key === key)?.sealed;

    it('finds nothing before something is kept', async () => {
      expect(await find(a)).toBeUndefined();
      expect(await journal.all()).toEqual([]);
    });

    it('gives back what was kept last under a key', async () => {
      await journal.keep(a, '{"parts":1}');
      await journal.keep(b, '{"other":true}');
      await journal.keep(a, '{"parts":2,"ü":"\\u0000"}');
      expect(await find(a)).toBe('{"parts":2,"ü":"\\u0000"}');
      expect(await journal.all()).toEqual([
        { key: a, sealed: '{"parts":2,"ü":"\\u0000"}' },
        { key: b, sealed: '{"other":true}' },
      ]);
    });

    it('forgets what is dropped, and takes no offence where nothing was', async () => {
      await journal.keep(a, '1');
      await journal.keep(b, '2');
      await journal.drop(a);
      await journal.drop(a);
      expect(await find(a)).toBeUndefined();
      expect(await journal.all()).toEqual([{ key: b, sealed: '2' }]);
      await journal.keep(a, '3');
      expect(await find(a)).toBe('3');
    });

    it('tells keys apart by every byte, and gives them in the order of their UTF-8', async () => {
      const keys = ['\u0000', 'a', 'a\u0000b', 'A', ' a', 'e\u0301', 'é', '\uffee', '😀'].map(
        objectKey,
      );
      await Promise.all(keys.map(async (key, at) => journal.keep(key, String(at))));
      const ordered = [...keys].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
      expect((await journal.all()).map(({ key }) => key)).toEqual(ordered);
      for (const [at, key] of keys.entries()) expect(await find(key)).toBe(String(at));
    });

    it('takes a record of a mebibyte and refuses a larger one', async () => {
      const full = 'x'.repeat(MAX_SEALED_BYTES);
      await journal.keep(a, full);
      expect(await find(a)).toBe(full);
      await expect(journal.keep(b, `${full}x`)).rejects.toBeInstanceOf(RangeError);
      expect(await find(b)).toBeUndefined();
    });

    it('carries calls out in the order in which they are made', async () => {
      const calls = Array.from({ length: 30 }, async (_, at) => journal.keep(a, String(at)));
      const found = find(a);
      const dropped = journal.drop(a);
      const after = find(a);
      expect(await found).toBe('29');
      expect(await after).toBeUndefined();
      await Promise.all([...calls, dropped]);
    });
  });
}
