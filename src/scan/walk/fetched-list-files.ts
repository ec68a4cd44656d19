import { mkdtemp, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Failure, FatalError } from '../../model/failure.ts';
import { objectKey } from '../../model/object-key.ts';
import type { Origin, OriginAnswer, OriginRequest } from '../../model/origin.ts';
import type { ListFiles } from './list-files.ts';

/** How a file is asked for: by its URL, or by its key in a bucket. */
export type ListTarget = Pick<OriginRequest, 'originKey' | 'url'>;

export interface FetchedListSettings {
  /** As messages show it. */
  readonly name: string;
  /** The address behind its guards. */
  readonly origin: Pick<Origin, 'read' | 'close'>;
  readonly main: ListTarget;
  /** The list's own name: its ending tells how it is written. */
  readonly fileName: string;
  /** Where a file may be that the manifest names, the likeliest first. */
  readonly candidates: (key: string) => readonly ListTarget[];
  readonly request: Pick<OriginRequest, 'headers' | 'secretHeaders' | 'onRequest'>;
}

/**
 * Fetches the files of a list into a folder of its own, each whole before anything of it is read: a
 * file that breaks off is asked for again, and none is taken for shorter than it is. The list itself
 * stays there, files that it names go once they were read.
 */
export function fetchedListFiles(settings: FetchedListSettings): ListFiles {
  const { name, origin, main, fileName, candidates } = settings;
  const kept = new TemporaryFolder(name);
  let list: Promise<string> | undefined;
  /** Which candidate was right the last time. */
  let likeliest = 0;

  async function fetchMain(signal: AbortSignal): Promise<string> {
    const file = await kept.place(fileName);
    await fetchFile(settings, main, file, signal);
    return file;
  }
  return {
    name,
    main: async (signal) => {
      list ??= fetchMain(signal);
      try {
        return await list;
      } catch (error) {
        list = undefined;
        throw error;
      }
    },
    named: async (key, signal) => {
      const file = await kept.place(path.posix.basename(key));
      const targets = candidates(key);
      const order = targets.map((_, index) => (index + likeliest) % targets.length);
      for (const index of order) {
        const target = targets[index];
        if (target === undefined || !(await isFetched(settings, target, file, signal))) continue;
        likeliest = index;
        return { path: file, release: () => rm(file, { force: true }) };
      }
      throw new Failure(
        'ORIGIN_NOT_FOUND',
        `${name}: its file ${JSON.stringify(key)} is not there`,
      );
    },
    close: async () => {
      await kept.remove();
      await origin.close();
    },
  };
}

/** A folder that is there from its first file on. */
class TemporaryFolder {
  readonly #name: string;
  #folder: Promise<string> | undefined;
  #files = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** @returns the path of a new file with that ending. @throws FatalError `usage`. */
  async place(fileName: string): Promise<string> {
    this.#folder ??= mkdtemp(path.join(os.tmpdir(), 'bucketfill-list-'));
    this.#files += 1;
    try {
      return path.join(await this.#folder, `${this.#files}-${fileName}`);
    } catch (error) {
      throw notKept(this.#name, error);
    }
  }

  async remove(): Promise<void> {
    const made = await this.#folder?.catch(() => undefined);
    if (made !== undefined) await rm(made, { recursive: true, force: true });
  }
}

/** @returns false where there is no such file. */
async function isFetched(...call: Parameters<typeof fetchFile>): Promise<boolean> {
  try {
    await fetchFile(...call);
    return true;
  } catch (error) {
    if (error instanceof Failure && error.code === 'ORIGIN_NOT_FOUND') return false;
    throw error;
  }
}

async function fetchFile(
  { name, origin, request }: FetchedListSettings,
  target: ListTarget,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const asked = { ...request, ...target, key: objectKey('list'), query: '', unless: undefined };
  await origin.read(asked, (answer) => keep(name, answer, file), signal);
}

/** Asked again, it begins the file anew. */
async function keep(name: string, answer: OriginAnswer, file: string): Promise<void> {
  const { head } = answer;
  if (head.framing === 'close') {
    const what = `GET ${head.url}: the list has no length, so it may be cut`;
    throw new Failure('LENGTH_UNKNOWN', what);
  }
  const handle = await open(file, 'w').catch((error: unknown) => {
    throw notKept(name, error);
  });
  try {
    await answer.pipeTo(async (chunk) => {
      try {
        await handle.writeFile(chunk);
      } catch (error) {
        throw notKept(name, error);
      }
    });
  } finally {
    await handle.close();
  }
}

function notKept(name: string, error: unknown): FatalError {
  const why = error instanceof Error ? error.message : String(error);
  const advice = 'make room for it, or name another folder by TMPDIR';
  return new FatalError(
    'usage',
    `${name}: can't be kept in the temporary folder (${why}): ${advice}`,
    error,
  );
}
