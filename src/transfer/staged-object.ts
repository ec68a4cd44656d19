import type { Upload, WriteResult } from '../model/bucket.ts';
import type { OriginAnswer, OriginHead, ReadOn } from '../model/origin.ts';
import { readOn } from '../plan/read-on.ts';
import type { CommitGate } from './commit-gate.ts';

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
  #sound = true;

  constructor(head: OriginHead, gate: CommitGate, upload: Upload) {
    this.head = head;
    this.gate = gate;
    this.#upload = upload;
  }

  /** How the address of that name is asked for the rest; undefined where it can't be. */
  readOn(origin: string): ReadOn | undefined {
    if (!this.#sound || origin !== this.head.origin) return undefined;
    return readOn(this.head, this.gate.receivedBytes);
  }

  /** Takes an answer's body behind what is there. Throws as `pipeTo`, the gate and the bucket. */
  async take(answer: OriginAnswer): Promise<void> {
    await answer.pipeTo((chunk) => {
      try {
        this.gate.update(chunk);
        return this.#upload.write(chunk)?.catch((error: unknown) => {
          throw this.#spoilt(error);
        });
      } catch (error) {
        throw this.#spoilt(error);
      }
    });
  }

  #spoilt(error: unknown): unknown {
    this.#sound = false;
    return error;
  }

  async commit(): Promise<WriteResult> {
    this.#sound = false;
    return this.#upload.commit();
  }

  /** Never throws. */
  async abort(): Promise<void> {
    this.#sound = false;
    await this.#upload.abort();
  }
}
