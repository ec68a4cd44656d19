import type { ObjectKey } from '../model/object-key.ts';
import type { OpenUploads } from './open-uploads.ts';

/** What is written down of one upload while it is under way. */
export interface UploadTrace {
  /** The bucket holds nothing of it: it was committed, or aborted. */
  drop(): Promise<void>;
  /** It was given up, and the bucket may still hold it. */
  setAside(): Promise<void>;
}

/** Writes down an upload that no later run can go on with, so that one can abort it. */
export class OrphanTrace implements UploadTrace {
  readonly #uploads: OpenUploads;
  readonly #key: ObjectKey;
  #token: string | undefined;

  constructor(uploads: OpenUploads, key: ObjectKey) {
    this.#uploads = uploads;
    this.#key = key;
  }

  readonly onBegun = async (token: string): Promise<void> => {
    this.#token = token;
    await this.#uploads.addOrphan(this.#key, token);
  };

  async drop(): Promise<void> {
    if (this.#token !== undefined) await this.#uploads.dropOrphan(this.#key, this.#token);
  }

  /** It is an orphan from the beginning. */
  async setAside(): Promise<void> {
    // Nothing to change.
  }
}
