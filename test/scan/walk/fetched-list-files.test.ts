import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/model/failure.ts';
import type { AnswerReader, OriginAnswer, OriginRequest } from '../../../src/model/origin.ts';
import { fetchedListFiles } from '../../../src/scan/walk/fetched-list-files.ts';
import type { ListFiles } from '../../../src/scan/walk/list-files.ts';

const NEVER = new AbortController().signal;

let asked: string[];
let held: Map<string, string>;
let framing: OriginAnswer['head']['framing'];
let files: ListFiles;

function answerOf(body: string): OriginAnswer {
  const bytes = Buffer.from(body);
  return {
    head: { origin: 'o', url: 'http://o/', status: 200, headers: {}, length: undefined, framing },
    bytes: () => Promise.resolve(bytes),
    pipeTo: async (sink) => {
      await sink(bytes.subarray(0, 2));
      await sink(bytes.subarray(2));
      return bytes.length;
    },
  };
}

/** Breaks off once, as a retrying origin would see it, and gives the whole then. */
async function read<T>({ originKey }: OriginRequest, reader: AnswerReader<T>): Promise<T> {
  asked.push(originKey);
  const body = held.get(originKey);
  if (body === undefined) throw new Failure('ORIGIN_NOT_FOUND', 'answered 404', { status: 404 });
  const broken: OriginAnswer = {
    ...answerOf(body),
    pipeTo: async (sink) => {
      await sink(Buffer.from('a beginning that is lost'));
      throw new Failure('LENGTH_MISMATCH', 'cut');
    },
  };
  await reader(broken).catch(() => undefined);
  return (await reader(answerOf(body))) as T;
}

beforeEach(() => {
  asked = [];
  held = new Map();
  framing = 'length';
  files = fetchedListFiles({
    name: 'the list',
    origin: { read, close: () => Promise.resolve() },
    main: { originKey: 'main', url: undefined },
    fileName: 'keys.csv.gz',
    candidates: (key) =>
      [1, 2, 3].map((where) => ({ originKey: `${where}/${key}`, url: undefined })),
    request: { headers: {}, secretHeaders: undefined, onRequest: () => undefined },
  });
});

afterEach(async () => {
  await files.close();
});

describe('the files of a list that is fetched', () => {
  it('are whole, whatever broke off, and the list is asked for once', async () => {
    held.set('main', 'key\na\n');
    const [one, two] = await Promise.all([files.main(NEVER), files.main(NEVER)]);
    expect(one).toBe(two);
    expect(path.basename(one)).toMatch(/keys\.csv\.gz$/);
    expect(await readFile(one, 'utf8')).toBe('key\na\n');
    expect(asked).toEqual(['main']);
  });

  it('are looked for where the last one was, and gone once they were read', async () => {
    held.set('2/data/a.gz', 'AA');
    held.set('2/data/b.gz', 'BB');
    const a = await files.named('data/a.gz', NEVER);
    expect(await readFile(a.path, 'utf8')).toBe('AA');
    const b = await files.named('data/b.gz', NEVER);
    expect(asked).toEqual(['1/data/a.gz', '2/data/a.gz', '2/data/b.gz']);
    await a.release();
    expect(await readdir(path.dirname(b.path))).toEqual([path.basename(b.path)]);
  });

  it('leave nothing behind', async () => {
    held.set('main', 'x');
    const main = await files.main(NEVER);
    await files.close();
    await expect(readdir(path.dirname(main))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('that are nowhere are missing, by the name that the manifest has', async () => {
    await expect(files.named('data/a.gz', NEVER)).rejects.toMatchObject({
      code: 'ORIGIN_NOT_FOUND',
      message: 'the list: its file "data/a.gz" is not there',
    });
  });

  it('are refused where only the closed connection marks their end', async () => {
    held.set('main', 'x');
    framing = 'close';
    await expect(files.main(NEVER)).rejects.toMatchObject({ code: 'LENGTH_UNKNOWN' });
    // What failed is asked for again by whoever needs it later.
    framing = 'length';
    expect(await readFile(await files.main(NEVER), 'utf8')).toBe('x');
  });
});
