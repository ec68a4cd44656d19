import type { ObjectKey } from '../model/object-key.ts';
import type { UploadJournal, UploadRecord } from '../model/upload-journal.ts';

/**
 * The uploads of a job that can be gone on with: those of earlier runs, and what this run adds. It
 * is asked for every object, so what the journal holds is kept here too; it is little.
 */
export class OpenUploads {
  readonly #journal: UploadJournal;
  readonly #sealed: Map<ObjectKey, string>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;

  private constructor(journal: UploadJournal, records: readonly UploadRecord[], now: () => number) {
    this.#journal = journal;
    this.now = now;
    this.#sealed = new Map(records.map(({ key, sealed }) => [key, sealed]));
  }

  static async load(journal: UploadJournal, now: () => number): Promise<OpenUploads> {
    return new OpenUploads(journal, await journal.all(), now);
  }

  find(key: ObjectKey): string | undefined {
    return this.#sealed.get(key);
  }

  /** Durable when it resolves. */
  async keep(key: ObjectKey, sealed: string): Promise<void> {
    this.#sealed.set(key, sealed);
    await this.#journal.keep(key, sealed);
  }

  /** No one goes on with the upload of this key. */
  async drop(key: ObjectKey): Promise<void> {
    if (this.#sealed.delete(key)) await this.#journal.drop(key);
  }

  /** Every upload that was neither finished nor dropped. */
  left(): readonly UploadRecord[] {
    return Array.from(this.#sealed, ([key, sealed]) => ({ key, sealed }));
  }
}
