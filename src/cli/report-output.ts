import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { FatalError } from '../model/failure.ts';
import type { Surroundings } from './surroundings.ts';
import { unlessRefused } from './unless-refused.ts';

/** Texts are gathered up to about so many characters before they are written as one chunk. */
const CHUNK_CHARACTERS = 64 * 1024;

/** Where a report goes. */
export interface ReportOutput {
  /** Resolves when more may come. */
  readonly write: (text: string) => Promise<void>;
  /** Hands over what was written. */
  readonly finish: () => Promise<void>;
  /** Leaves nothing behind that was not finished. */
  readonly close: () => Promise<void>;
}

/**
 * @param file undefined, or `-`: stdout
 * @throws FatalError `usage` where the file can't be written.
 */
export function openReportOutput(
  file: string | undefined,
  surroundings: Surroundings,
): Promise<ReportOutput> {
  return file === undefined || file === '-'
    ? Promise.resolve(reportOnStdout(surroundings))
    : reportInFile(file, surroundings);
}

function reportOnStdout({ stdout }: Surroundings): ReportOutput {
  const write = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      stdout.write(text, (error) => {
        if (error)
          reject(new FatalError('output-closed', `stdout was closed: ${error.message}`, error));
        else resolve();
      });
    });
  return { ...gathered(write), close: () => Promise.resolve() };
}

/** Put in its place in one step when it is whole: the report before it stays until then. */
async function reportInFile(file: string, { cwd, pid }: Surroundings): Promise<ReportOutput> {
  const target = path.resolve(cwd, file);
  const beside = `${target}.${pid}.new`;
  const handle = await unlessRefused(file, async () => {
    await refuseSpecial(file, target);
    return open(beside, 'w');
  });
  const { write, finish } = gathered((text) =>
    unlessRefused(file, async () => {
      await handle.writeFile(text);
    }),
  );
  return {
    write,
    finish: async () => {
      await finish();
      await unlessRefused(file, () => putInPlace(handle, beside, target));
    },
    close: async () => {
      await handle.close();
      await rm(beside, { force: true });
    },
  };
}

async function putInPlace(handle: FileHandle, beside: string, target: string): Promise<void> {
  await handle.sync();
  await rename(beside, target);
}

/** A device or a pipe must not be replaced by a file. */
async function refuseSpecial(file: string, target: string): Promise<void> {
  const found = await stat(target).catch(() => undefined);
  if (found === undefined || found.isFile()) return;
  const what = found.isDirectory() ? 'is a directory' : 'is no plain file';
  throw new FatalError('usage', `${file} ${what}: name a file, or leave -o out for stdout`);
}

function gathered(write: (text: string) => Promise<void>): Pick<ReportOutput, 'write' | 'finish'> {
  let parts: string[] = [];
  let characters = 0;
  const flush = async (): Promise<void> => {
    const text = parts.join('');
    parts = [];
    characters = 0;
    if (text !== '') await write(text);
  };
  return {
    write: async (text) => {
      parts.push(text);
      characters += text.length;
      if (characters >= CHUNK_CHARACTERS) await flush();
    },
    finish: flush,
  };
}
