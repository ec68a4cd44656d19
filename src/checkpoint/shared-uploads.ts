import type { UploadRecord } from '../model/upload-journal.ts';
import { objectKey } from '../model/object-key.ts';
import type { Connection } from './open-database.ts';
import { SealedTable } from './sealed-table.ts';
import type { SharedHead } from './shared-head.ts';
import type { SharedOwner } from './shared-owner.ts';

/** Between the owner, whose name has none, and the key. */
const BETWEEN = '/';

/**
 * Uploads of large objects under way, each under the name of the owner whose they are; within the
 * caller's transaction.
 */
export class SharedUploads {
  readonly #table: SealedTable;
  readonly #owner: SharedOwner;

  constructor(database: Connection, owner: SharedOwner) {
    this.#table = new SealedTable(database, 'upload');
    this.#owner = owner;
  }

  verify({ uploads }: SharedHead): void {
    this.#table.verify(uploads);
  }

  /** @param owner absent: this one */
  keep(head: SharedHead, { key, sealed }: UploadRecord, owner?: string): SharedHead {
    return { ...head, uploads: this.#table.put(head.uploads, this.#row(key, owner), sealed) };
  }

  /** @param owner absent: this one */
  drop(head: SharedHead, key: string, owner?: string): SharedHead {
    return { ...head, uploads: this.#table.drop(head.uploads, this.#row(key, owner)) };
  }

  /** By the keys' bytes. @param owner absent: this one */
  all(owner = this.#owner.name): readonly UploadRecord[] {
    const begin = owner + BETWEEN;
    return this.#table
      .all()
      .filter(({ key }) => key.startsWith(begin))
      .map(({ key, sealed }) => ({ key: objectKey(key.slice(begin.length)), sealed }));
  }

  /** Owners who are gone and left something. */
  dead(): readonly string[] {
    const owners = this.#table.all().map(({ key }) => key.slice(0, key.indexOf(BETWEEN)));
    return [...new Set(owners)].filter((owner) => !this.#owner.isAlive(owner));
  }

  #row(key: string, owner = this.#owner.name): string {
    return owner + BETWEEN + key;
  }
}
