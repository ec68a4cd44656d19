import { NO_STEPS } from '../../model/step-trail.ts';
import type { OpenPlace, StepMark, WalkPlace } from '../../model/walk.ts';
import type { AppendFile } from './append-file.ts';

/** Places that are kept in memory at once; the others wait on disk. */
const MOST_IN_MEMORY = 4096;
const READ_BYTES = 256 * 1024;
const LF = 0x0a;

/** A place that was taken and is not done with, by where its line stands. */
export type TakenPlace = readonly [id: number, count: number, hash: number];

/**
 * The places to walk, first come, first served, in a file of JSON lines `[source, at, prefix]`. A
 * place's id is the offset of its line, and the line stays there: where the scan stands is told by
 * the first offset that was not taken, and the few that were taken and are not done with.
 */
export class Frontier {
  readonly #file: AppendFile;
  readonly #restored: OpenPlace[] = [];
  readonly #ready: OpenPlace[] = [];
  /** First line that is neither taken nor in memory. */
  #unread: number;
  readonly #taken = new Map<number, StepMark>();

  constructor(file: AppendFile, unread: number) {
    this.#file = file;
    this.#unread = unread;
  }

  /** First line that was not taken. */
  get head(): number {
    return this.#ready[0]?.id ?? this.#unread;
  }

  get taken(): readonly TakenPlace[] {
    return [...this.#taken].map(([id, { count, hash }]) => [id, count, hash]);
  }

  /** Puts places that were taken before at the head of the line. */
  async restore(taken: readonly TakenPlace[]): Promise<void> {
    for (const [id, count, hash] of taken) {
      const [line] = linesIn(await this.#lineAt(id), id);
      if (line === undefined) throw new SyntaxError('a place that was being walked is missing');
      this.#taken.set(id, { count, hash });
      this.#restored.push({ ...line.place, recorded: { count, hash } });
    }
  }

  add(source: number, places: readonly WalkPlace[]): Promise<void> | undefined {
    let waits: Promise<void> | undefined;
    for (const place of places) {
      const id = this.#file.endBytes;
      const { at, prefix } = place;
      const line = prefix === at ? [source, at] : [source, at, prefix];
      waits = this.#file.append(`${JSON.stringify(line)}\n`);
      // Where the line's end is in memory already, a new place joins it there.
      if (this.#unread !== id || this.#ready.length >= MOST_IN_MEMORY) continue;
      this.#ready.push({ id, source, at, prefix, recorded: NO_STEPS });
      this.#unread = this.#file.endBytes;
    }
    return waits;
  }

  async take(): Promise<OpenPlace | undefined> {
    const restored = this.#restored.shift();
    if (restored !== undefined) return restored;
    if (this.#ready.length === 0) await this.#refill();
    const place = this.#ready.shift();
    if (place !== undefined) this.#taken.set(place.id, NO_STEPS);
    return place;
  }

  mark({ id }: OpenPlace, mark: StepMark): void {
    this.#taken.set(id, mark);
  }

  done({ id }: OpenPlace): void {
    this.#taken.delete(id);
  }

  async #refill(): Promise<void> {
    if (this.#unread === this.#file.endBytes) return;
    await this.#file.flush();
    for (let length = READ_BYTES; ; length *= 2) {
      const bytes = await this.#file.read(this.#unread, length);
      const lines = linesIn(bytes, this.#unread).slice(0, MOST_IN_MEMORY);
      const last = lines.at(-1);
      if (last === undefined && bytes.length === length) continue;
      this.#ready.push(...lines.map(({ place }) => place));
      this.#unread = last?.end ?? this.#unread;
      return;
    }
  }

  /** With its line end. */
  async #lineAt(id: number): Promise<Uint8Array> {
    for (let length = 4096; ; length *= 2) {
      const bytes = await this.#file.read(id, length);
      const end = bytes.indexOf(LF);
      if (end >= 0 || bytes.length < length) return bytes.subarray(0, end + 1);
    }
  }
}

interface Line {
  readonly place: OpenPlace;
  /** Where the next line begins. */
  readonly end: number;
}

/** The whole lines among bytes that stand at `start`. */
function linesIn(bytes: Uint8Array, start: number): Line[] {
  const lines: Line[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf(LF, at);
    if (end < 0) return lines;
    const text = Buffer.from(bytes.subarray(at, end)).toString();
    lines.push({ place: placeOf(text, start + at), end: start + end + 1 });
    at = end + 1;
  }
}

function placeOf(line: string, id: number): OpenPlace {
  const fields: unknown = JSON.parse(line);
  if (!Array.isArray(fields)) throw new SyntaxError('a line of the places is no list');
  const [source, at, prefix = at] = fields.map((field: unknown) => field);
  if (typeof source !== 'number' || typeof at !== 'string' || typeof prefix !== 'string') {
    throw new SyntaxError('a line of the places is no place');
  }
  return { id, source, at, prefix, recorded: NO_STEPS };
}
