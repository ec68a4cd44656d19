import type { LastingUpload, Upload, WriteResult } from '../model/bucket.ts';
import type { OriginAnswer, OriginHead, ReadOn } from '../model/origin.ts';
import { lendBody } from '../model/lend-body.ts';
import { readOn } from '../plan/read-on.ts';
import type { BodyTap } from './body-tap.ts';
import type { CommitGate } from './commit-gate.ts';
import { MarkKeeper } from './mark-keeper.ts';
import type { UploadTrace } from './upload-trace.ts';

/** What a staged object begins with. */
export interface Beginning {
  readonly head: OriginHead;
  /** It has seen as many bytes as the upload has. */
  readonly gate: CommitGate;
  /** Where there is a state to write it to; marks make the upload outlive the run. */
  readonly trace: UploadTrace | undefined;
  readonly tap: BodyTap | undefined;
}

/**
 * An object of which some bytes went through the gate into an upload. It is `sound` until gate or
 * bucket refuse a byte, or the commit begins: only then may a later answer of the same address,
 * pinned to the same version, bring the rest.
 */
export class StagedObject {
  /** Of the answer that the first bytes came with. */
  readonly head: OriginHead;
  readonly gate: CommitGate;
  readonly #upload: Upload;
  readonly #trace: UploadTrace | undefined;
  readonly #tap: BodyTap | undefined;
  #sound = true;

  constructor({ head, gate, trace, tap }: Beginning, upload: Upload) {
    this.head = head;
    this.gate = gate;
    this.#tap = tap;
    this.#upload = upload;
    this.#trace = trace;
  }

  /** Bytes that were there when it was opened. */
  get startsAt(): number {
    return this.#upload.lasting?.startsAt ?? 0;
  }

  /** How the address of that name is asked for the rest; undefined where it can't be. */
  readOn(origin: string): ReadOn | undefined {
    if (!this.#sound || origin !== this.head.origin) return undefined;
    return readOn(this.head, this.gate.receivedBytes);
  }

  /** What of it is there for a further try at its address. */
  get begun(): { readonly origin: string; readonly bytes: number } {
    const { origin } = this.head;
    return { origin, bytes: this.readOn(origin)?.offset ?? 0 };
  }

  /** Takes an answer's body behind what is there. Throws as `pipeTo`, the gate and the bucket. */
  async take(answer: OriginAnswer): Promise<void> {
    const { lasting } = this.#upload;
    const sink = (chunk: Uint8Array): void | Promise<void> => {
      try {
        const busy = lasting === undefined ? this.#pass(chunk) : this.#step(chunk, lasting);
        return busy?.catch((error: unknown) => {
          throw this.#spoilt(error);
        });
      } catch (error) {
        throw this.#spoilt(error);
      }
    };
    // Who taps a body keeps its chunks.
    await (this.#tap === undefined ? lendBody(answer, sink) : answer.pipeTo(sink));
  }

  #pass(chunk: Uint8Array): void | Promise<void> {
    this.gate.update(chunk);
    const tapped = this.#tap?.write(chunk);
    return tapped === undefined
      ? this.#upload.write(chunk)
      : tapped.then(() => this.#upload.write(chunk));
  }

  /** Passes a chunk that may reach beyond the next mark. */
  #step(chunk: Uint8Array, lasting: LastingUpload): void | Promise<void> {
    const untilMark = lasting.markEvery - (this.gate.receivedBytes % lasting.markEvery);
    if (chunk.length < untilMark) return this.#pass(chunk);
    const piece = chunk.subarray(0, untilMark);
    this.gate.update(piece);
    // Before the bucket has the bytes: it may mark them at any time after.
    if (this.#trace instanceof MarkKeeper) this.#trace.passed();
    const busy = this.#upload.write(piece);
    if (chunk.length === piece.length) return busy;
    const after = chunk.subarray(untilMark);
    return busy === undefined
      ? this.#step(after, lasting)
      : busy.then(() => this.#step(after, lasting));
  }

  #spoilt(error: unknown): unknown {
    this.#sound = false;
    return error;
  }

  async commit(): Promise<WriteResult> {
    this.#sound = false;
    const result = await this.#upload.commit();
    await this.#trace?.drop();
    return result;
  }

  /** Gives the bytes up. */
  async abort(): Promise<void> {
    this.#sound = false;
    // What the bucket still has stays written down, for the end of the run or `cleanup`.
    if ((await this.#upload.abort()) === 'left') await this.#trace?.setAside();
    else await this.#trace?.drop();
  }

  /** Leaves to a later run what was marked: bytes that passed the gate and that the bucket has. */
  async suspend(): Promise<void> {
    if (this.#upload.lasting === undefined) {
      await this.abort();
      return;
    }
    this.#sound = false;
    await this.#upload.lasting.suspend();
  }
}
