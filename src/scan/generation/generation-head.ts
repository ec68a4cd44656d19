import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { GenerationHead } from '../../model/generation.ts';
import { type Fields, jsonFields } from '../sort/manifest-fields.ts';
import { writeDurably } from '../write-durably.ts';

/** The head of a generation as it is kept, with what its data is known by. */
export interface SealedHead extends GenerationHead {
  /** CRC-32 of the data file. */
  readonly crc: number;
  /** Bytes of each gzip member of the data file, in order. */
  readonly members: readonly number[];
}

const VERSION = 1;

/** Behind the JSON: a line end, the JSON's CRC-32 in hexadecimal, a line end. */
const CRC_DIGITS = 8;
const SEAL_BYTES = CRC_DIGITS + 2;

/** Numbers in file names, so that names sort as their numbers do. */
const NAME_DIGITS = 8;

/** What kind of file of a generation one is, and of which. */
export interface GenerationFile {
  readonly id: number;
  readonly kind: 'head' | 'newHead' | 'data';
}

/** Where a generation's lines are. */
export function dataPath(folder: string, id: number): string {
  return path.join(folder, `${digits(id)}.jsonl.gz`);
}

/** Where its head is: with it, and no earlier, there is a generation. */
export function headPath(folder: string, id: number): string {
  return path.join(folder, `${digits(id)}.json`);
}

function digits(id: number): string {
  return String(id).padStart(NAME_DIGITS, '0');
}

/** Undefined for a name that is none of ours. */
export function generationFile(name: string): GenerationFile | undefined {
  const [, id, ending] = /^(\d{8})(\.json|\.json\.new|\.jsonl\.gz)$/.exec(name) ?? [];
  if (id === undefined) return undefined;
  const kind = ending === '.json' ? 'head' : ending === '.jsonl.gz' ? 'data' : 'newHead';
  return { id: Number(id), kind };
}

/** Writes a head in one step that a power cut does not undo. */
export async function writeHead(folder: string, head: SealedHead): Promise<void> {
  const json = Buffer.from(JSON.stringify({ version: VERSION, ...head }));
  const sealed = Buffer.concat([json, Buffer.from(seal(json))]);
  await writeDurably(headPath(folder, head.id), sealed);
}

/** @throws SyntaxError, which says what is wrong, where the head is not as it was written. */
export async function readHead(folder: string, id: number): Promise<SealedHead> {
  const bytes = await readFile(headPath(folder, id));
  const json = bytes.subarray(0, Math.max(0, bytes.length - SEAL_BYTES));
  if (bytes.subarray(json.length).toString('latin1') !== seal(json)) {
    throw new SyntaxError('its head fails its own CRC-32');
  }
  const head = headOf(jsonFields(json.toString()));
  if (head.id !== id) throw new SyntaxError(`its head is that of generation ${head.id}`);
  return head;
}

function seal(json: Uint8Array): string {
  return `\n${crc32(json).toString(16).padStart(CRC_DIGITS, '0')}\n`;
}

function headOf(fields: Fields): SealedHead {
  if (fields['version'] !== VERSION) throw new SyntaxError('its head is of another version');
  const { members } = fields;
  if (!Array.isArray(members)) throw new SyntaxError('its head tells no members');
  return {
    id: numberOf(fields['id']),
    entries: numberOf(fields['entries']),
    atMs: numberOf(fields['atMs']),
    crc: numberOf(fields['crc']),
    members: members.map(numberOf),
  };
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new SyntaxError('its head lacks a number');
}
