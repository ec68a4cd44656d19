import type { ObjectKey } from '../model/object-key.ts';
import type { UploadJournal } from '../model/upload-journal.ts';
import { type KeptUploads, seal, type SealedUpload, unseal } from './sealed-upload.ts';

/** The most that is remembered of one key; a bucket that lets go of nothing can't fill the state. */
const MAX_ORPHANS = 500;

/**
 * The uploads of a job that the bucket may still hold: at most one of a key can be gone on with, any
 * number are orphans, which nobody goes on with. It is asked for every object, so what the journal
 * holds is kept here too; it is little. Changes are durable when their promise resolves.
 */
export class OpenUploads {
  readonly #journal: UploadJournal;
  readonly #kept = new Map<ObjectKey, KeptUploads>();
  /** Milliseconds since the epoch. */
  readonly now: () => number;

  private constructor(journal: UploadJournal, now: () => number) {
    this.#journal = journal;
    this.now = now;
  }

  /** For a thread that is told of each key by `know`. */
  static knowingNothing(journal: UploadJournal, now: () => number): OpenUploads {
    return new OpenUploads(journal, now);
  }

  /** What can't be read is forgotten. */
  static async load(journal: UploadJournal, now: () => number): Promise<OpenUploads> {
    const uploads = new OpenUploads(journal, now);
    for (const { key, sealed } of await journal.all()) {
      const kept = unseal(sealed);
      if (kept === undefined) await journal.drop(key);
      else uploads.#kept.set(key, kept);
    }
    return uploads;
  }

  /** The upload of this key that can be gone on with. */
  find(key: ObjectKey): SealedUpload | undefined {
    return this.#kept.get(key)?.upload;
  }

  /** All that is known of uploads of this key, for a thread that is to go on with it. */
  sealedOf(key: ObjectKey): string | undefined {
    const kept = this.#kept.get(key);
    return kept && seal(kept);
  }

  /** Knows of uploads of this key what `sealedOf` gave, and nothing else; nothing is written. */
  know(key: ObjectKey, sealed: string | undefined): void {
    const kept = sealed === undefined ? undefined : unseal(sealed);
    if (kept === undefined) this.#kept.delete(key);
    else this.#kept.set(key, kept);
  }

  /** Takes what another thread wrote down of this key; undefined: nothing is left of it. */
  async take(key: ObjectKey, sealed: string | undefined): Promise<void> {
    this.know(key, sealed);
    if (sealed === undefined) await this.#journal.drop(key);
    else await this.#journal.keep(key, sealed);
  }

  /** How far the upload of this key has come. */
  async keep(key: ObjectKey, upload: SealedUpload): Promise<void> {
    await this.#write(key, { ...this.#of(key), upload });
  }

  /** The bucket holds nothing of the upload that could be gone on with. */
  async drop(key: ObjectKey): Promise<void> {
    if (this.find(key) === undefined) return;
    await this.#write(key, { ...this.#of(key), upload: undefined });
  }

  /** Nobody goes on with the upload, and the bucket may still hold it. */
  async setAside(key: ObjectKey): Promise<void> {
    const { upload, orphans } = this.#of(key);
    if (upload === undefined) return;
    const orphan = { token: upload.mark.token, keptMs: upload.keptMs };
    await this.#write(key, { upload: undefined, orphans: [...orphans, orphan] });
  }

  /** An upload exists that nobody can go on with. */
  async addOrphan(key: ObjectKey, token: string): Promise<void> {
    const { upload, orphans } = this.#of(key);
    await this.#write(key, { upload, orphans: [...orphans, { token, keptMs: this.now() }] });
  }

  /** The bucket holds nothing of it any more. */
  async dropOrphan(key: ObjectKey, token: string): Promise<void> {
    const { upload, orphans } = this.#of(key);
    const others = orphans.filter((orphan) => orphan.token !== token);
    if (others.length < orphans.length) await this.#write(key, { upload, orphans: others });
  }

  /** Every upload that the bucket may still hold, by key. */
  left(): readonly (readonly [ObjectKey, KeptUploads])[] {
    return [...this.#kept];
  }

  #of(key: ObjectKey): KeptUploads {
    return this.#kept.get(key) ?? { upload: undefined, orphans: [] };
  }

  async #write(key: ObjectKey, { upload, orphans }: KeptUploads): Promise<void> {
    if (upload === undefined && orphans.length === 0) {
      this.#kept.delete(key);
      await this.#journal.drop(key);
      return;
    }
    const kept = { upload, orphans: orphans.slice(-MAX_ORPHANS) };
    this.#kept.set(key, kept);
    await this.#journal.keep(key, seal(kept));
  }
}
