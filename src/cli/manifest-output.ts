import { copyFile, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { ManifestTail } from '../scan/journal/manifest-tail.ts';
import type { Surroundings } from './surroundings.ts';
import { unlessRefused } from './unless-refused.ts';

/** Where a manifest goes to while, and after, it is written. */
export interface ManifestOutput {
  /** So much of it will never change. */
  readonly follow: (bytes: number) => void;
  /** Hands over what is there. @param isWhole the scan came to its end */
  readonly finish: (isWhole: boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * The manifest on stdout, as it grows. A resumed scan begins with what earlier runs found: each
 * run's output is whole by itself.
 */
export function manifestOnStdout(
  { stdout }: Surroundings,
  manifest: string,
  onClosed: () => void,
): ManifestOutput {
  const tail = new ManifestTail(manifest, stdout, onClosed);
  return {
    follow: (bytes) => {
      tail.follow(bytes);
    },
    finish: () => tail.finish(),
    close: () => tail.close(),
  };
}

/**
 * The manifest as a file, put in its place in one step when it is whole: nobody ever takes half a
 * manifest for a whole one.
 * @throws FatalError `usage` where the file can't be written, before anything is scanned.
 */
export async function manifestInFile(
  file: string,
  manifest: string,
  { cwd }: Surroundings,
): Promise<ManifestOutput> {
  const target = path.resolve(cwd, file);
  const beside = `${target}.new`;
  await unlessRefused(file, async () => {
    await (await open(beside, 'w')).close();
  });
  return {
    follow: () => undefined,
    finish: async (isWhole) => {
      if (!isWhole) return;
      await unlessRefused(file, async () => {
        await copyFile(manifest, beside);
        const handle = await open(beside, 'r+');
        await handle.sync().finally(() => handle.close());
        await rename(beside, target);
      });
    },
    close: () => rm(beside, { force: true }),
  };
}
