import type { UploadMark } from '../model/bucket.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { OriginHead } from '../model/origin.ts';
import type { CommitGate, GateState } from './commit-gate.ts';
import type { OpenUploads } from './open-uploads.ts';
import type { SealedUpload } from './sealed-upload.ts';
import type { UploadTrace } from './upload-trace.ts';

/**
 * Writes down, for one object on its way in, how far a later run may go on: the bucket's mark with
 * the state that the gate had when it had seen the same bytes. Marks come later than their bytes
 * passed the gate, so the states wait here for them.
 */
export class MarkKeeper implements UploadTrace {
  readonly #uploads: OpenUploads;
  readonly #key: ObjectKey;
  readonly #head: OriginHead;
  readonly #gate: CommitGate;
  readonly #states = new Map<number, GateState>();
  #failure: { readonly error: unknown } | undefined;
  #kept: SealedUpload | undefined;

  /** @param gate made to be saved, at the byte that the upload starts from */
  constructor(uploads: OpenUploads, key: ObjectKey, head: OriginHead, gate: CommitGate) {
    this.#uploads = uploads;
    this.#key = key;
    this.#head = head;
    this.#gate = gate;
    this.passed();
  }

  /** The gate stands where a mark may come. @throws what writing down an earlier mark threw. */
  passed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    const state = this.#gate.state();
    this.#states.set(state.bytes, state);
  }

  readonly onMark = async (mark: UploadMark): Promise<void> => {
    const gate = this.#states.get(mark.bytes);
    if (gate === undefined) return;
    for (const bytes of this.#states.keys()) if (bytes < mark.bytes) this.#states.delete(bytes);
    try {
      const keptMs = this.#uploads.now();
      this.#kept = { head: this.#head, gate, mark, keptMs };
      await this.#uploads.keep(this.#key, this.#kept);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  };

  async drop(): Promise<void> {
    if (this.#isOurs()) await this.#uploads.drop(this.#key);
  }

  async setAside(): Promise<void> {
    if (this.#isOurs()) await this.#uploads.setAside(this.#key);
  }

  /** What a later try wrote meanwhile is not. */
  #isOurs(): boolean {
    return this.#kept === undefined || this.#uploads.find(this.#key) === this.#kept;
  }
}
