import { type FileHandle, open, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, gzip } from 'node:zlib';
import type { GenerationEntry, GenerationHead, GenerationWriter } from '../../model/generation.ts';
import { compareKeys } from '../../model/object-key.ts';
import { unlessDiskFails } from '../sort/disk-failure.ts';
import { dataPath, writeHead } from './generation-head.ts';
import { generationLine } from './generation-line.ts';

export const GENERATION = 'the generation of this sync';

/** Text of a gzip member: some thousand lines, so that a member is soon unpacked and soon done. */
const MEMBER_CHARS = 512 * 1024;

/** Members that are packed beside the making of lines; their memory is all that a writer takes. */
const MOST_PACKED = 2;

/** The fastest level: a line's text shrinks to a quarter. In one piece, it is packed in one go. */
const GZIP = { level: 1, chunkSize: 256 * 1024 } as const;

const pack = promisify<Uint8Array | string, typeof GZIP, Buffer>(gzip);

/**
 * Writes one generation: open, until it is committed or aborted. Its lines go to the data file as
 * they come; the head, which makes it a generation, comes last.
 */
class Writer implements GenerationWriter {
  readonly #folder: string;
  readonly #id: number;
  readonly #handle: FileHandle;
  readonly #members: number[] = [];
  readonly #packed: Promise<Uint8Array>[] = [];
  #text = '';
  #crc = 0;
  #entries = 0;
  #last: GenerationEntry | undefined;
  #isOpen = true;
  /** Not while a member is being written, nor behind one that could not be. */
  #isWhole = true;

  constructor(folder: string, id: number, handle: FileHandle) {
    this.#folder = folder;
    this.#id = id;
    this.#handle = handle;
  }

  async append(entries: readonly GenerationEntry[]): Promise<void> {
    this.#assertOpen();
    for (const entry of entries) {
      this.#assertOrder(entry);
      this.#text += generationLine(entry);
      this.#last = entry;
      this.#entries += 1;
      if (this.#text.length >= MEMBER_CHARS) await this.#pack();
    }
  }

  async commit(atMs: number): Promise<GenerationHead> {
    this.#assertOpen();
    if (this.#text !== '') await this.#pack();
    while (this.#packed.length > 0) await this.#writeNext();
    const head = { id: this.#id, entries: this.#entries, atMs };
    await unlessDiskFails(GENERATION, this.#folder, async () => {
      await this.#handle.sync();
      await writeHead(this.#folder, { ...head, crc: this.#crc, members: this.#members });
    });
    this.#isOpen = false;
    await this.#handle.close();
    return head;
  }

  async abort(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await Promise.allSettled(this.#packed);
    try {
      await this.#handle.close();
      await rm(dataPath(this.#folder, this.#id), { force: true });
    } catch {
      // Nobody takes it for a generation; who begins the next one removes it.
    }
  }

  async #pack(): Promise<void> {
    const packed = pack(this.#text, GZIP);
    this.#text = '';
    // Whoever writes it learns of a failure; nobody does before.
    packed.catch(() => undefined);
    this.#packed.push(packed);
    if (this.#packed.length > MOST_PACKED) await this.#writeNext();
  }

  async #writeNext(): Promise<void> {
    const member = await this.#packed.shift();
    if (member === undefined) return;
    this.#isWhole = false;
    await unlessDiskFails(GENERATION, this.#folder, () => this.#handle.writeFile(member));
    this.#isWhole = true;
    this.#members.push(member.length);
    this.#crc = crc32(member, this.#crc);
  }

  #assertOpen(): void {
    if (this.#isOpen && this.#isWhole) return;
    throw new Error(`generation ${this.#id} can't be gone on with: it is done, or lacks a piece`);
  }

  #assertOrder({ key }: GenerationEntry): void {
    if (this.#last === undefined || compareKeys(this.#last.key, key) < 0) return;
    throw new Error(`${JSON.stringify(key)} came behind ${JSON.stringify(this.#last.key)}`);
  }
}

/** Begins a generation in a folder that has none of that number. */
export async function openGenerationWriter(folder: string, id: number): Promise<GenerationWriter> {
  return new Writer(folder, id, await open(dataPath(folder, id), 'wx'));
}
