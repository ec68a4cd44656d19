import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Generation, GenerationWriter, Generations } from '../../model/generation.ts';
import { unlessDiskFails } from '../sort/disk-failure.ts';
import {
  dataPath,
  generationFile,
  headPath,
  readHead,
  type SealedHead,
} from './generation-head.ts';
import { GENERATION, openGenerationWriter } from './generation-writer.ts';
import { dataProblem, readGeneration } from './read-generation.ts';

/** The one that is compared with, and the one that takes its place. */
const KEPT = 2;

/**
 * The generations of a sync job, in a folder of their own, which `begin` makes:
 *
 *     00000001.jsonl.gz   a line a key, gzip members one behind the other; `zcat` reads it
 *     00000001.json       written last: how many entries, the CRC-32 of the data, and its own
 *
 * Data without a head was left by a process that died; whoever begins a generation removes it, so at
 * most one is to be written at once. Where the latest is damaged, none is given out, an earlier one
 * neither: what was copied after that was written, it knows nothing of.
 */
export function openGenerations(folder: string): Generations {
  return {
    latest: (warn) => unlessDiskFails(GENERATION, folder, () => latest(folder, warn)),
    begin: () => unlessDiskFails(GENERATION, folder, () => begin(folder)),
  };
}

async function latest(
  folder: string,
  warn: (line: string) => void,
): Promise<Generation | undefined> {
  const { heads } = await filesIn(folder);
  const id = heads.at(-1);
  if (id === undefined) return undefined;
  const checked = await check(folder, id);
  if (typeof checked !== 'string') {
    return {
      head: { id, entries: checked.entries, atMs: checked.atMs },
      entries: (signal) => readGeneration(folder, checked, signal),
    };
  }
  warn(
    `the last generation ${dataPath(folder, id)} is damaged (${checked}): keys are looked at one by one and nothing is deleted in this run; the next complete one makes up for it`,
  );
  return undefined;
}

/** @returns what is wrong, in words, where it is damaged. */
async function check(folder: string, id: number): Promise<SealedHead | string> {
  try {
    const head = await readHead(folder, id);
    return (await dataProblem(folder, head)) ?? head;
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    if (isMissing(error)) return 'a file of it is gone';
    throw error;
  }
}

async function begin(folder: string): Promise<GenerationWriter> {
  await mkdir(folder, { recursive: true });
  const { heads, leftovers, last } = await filesIn(folder);
  for (const name of leftovers) await rm(path.join(folder, name), { force: true });
  const writer = await openGenerationWriter(folder, last + 1);
  return {
    append: (entries) => writer.append(entries),
    commit: async (atMs) => {
      const head = await writer.commit(atMs);
      await prune(folder, [...heads, head.id]);
      return head;
    },
    abort: () => writer.abort(),
  };
}

/** Never throws: what can't be removed now is removed behind the next generation. */
async function prune(folder: string, heads: readonly number[]): Promise<void> {
  try {
    for (const id of heads.slice(0, -KEPT)) {
      await rm(headPath(folder, id), { force: true });
      await rm(dataPath(folder, id), { force: true });
    }
  } catch {
    // The new generation stands.
  }
}

interface GenerationFiles {
  /** Ids, ascending. */
  readonly heads: readonly number[];
  /** Names of files of generations that were never committed. */
  readonly leftovers: readonly string[];
  /** The highest id that a file has. */
  readonly last: number;
}

async function filesIn(folder: string): Promise<GenerationFiles> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const ours = names.flatMap((name) => {
    const file = generationFile(name);
    return file === undefined ? [] : [{ name, ...file }];
  });
  const heads = ours.filter(({ kind }) => kind === 'head').map(({ id }) => id);
  const committed = new Set(heads);
  return {
    heads: heads.sort((one, other) => one - other),
    leftovers: ours
      .filter(({ id, kind }) => kind === 'newHead' || !committed.has(id))
      .map(({ name }) => name),
    last: Math.max(0, ...ours.map(({ id }) => id)),
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
