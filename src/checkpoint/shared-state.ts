import { join } from 'node:path';
import { FatalError } from '../model/failure.ts';
import type { GaugeRecord } from '../model/gauge-store.ts';
import type { ClaimHolder } from '../model/claims.ts';
import type { UploadRecord } from '../model/upload-journal.ts';
import type { VendorDocument } from '../model/vendor-documents.ts';
import { exclusiveLock } from './exclusive-lock.ts';
import { directoryFailure } from './prepare-folder.ts';
import { SharedClaims } from './shared-claims.ts';
import { SharedGauge } from './shared-gauge.ts';
import { HeadTable, type SharedHead } from './shared-head.ts';
import { SharedOwner } from './shared-owner.ts';
import { SharedPending } from './shared-pending.ts';
import type { HeldKey, SealedFill, SharedWrite, SharedWritten } from './shared-protocol.ts';
import { SHARED_SCHEMA } from './shared-schema.ts';
import { SharedUploads } from './shared-uploads.ts';
import { SharedVendorDocuments } from './shared-vendor-documents.ts';
import { StateFile } from './state-file.ts';

interface Applied {
  readonly head: SharedHead;
  readonly reply: SharedWritten;
}

/**
 * What all processes on one bucket share: one SQLite file; synchronous, for a thread of its own.
 *
 * Each row carries a checksum, which is looked at when it is read, and the head counts and sums up
 * the rows of each table, which is looked at when the file is opened: reading every row would take
 * seconds where the gauge holds many keys.
 */
export class SharedState {
  readonly #file: StateFile;
  readonly #owner: SharedOwner;
  readonly #head: HeadTable;
  readonly #pending: SharedPending;
  readonly #claims: SharedClaims;
  readonly #gauge: SharedGauge;
  readonly #vendors: SharedVendorDocuments;
  readonly #uploads: SharedUploads;

  private constructor(file: StateFile, owner: SharedOwner) {
    const { database } = file;
    this.#file = file;
    this.#owner = owner;
    this.#head = new HeadTable(database);
    this.#pending = new SharedPending(database, owner);
    this.#claims = new SharedClaims(database, owner);
    this.#gauge = new SharedGauge(database);
    this.#vendors = new SharedVendorDocuments(database);
    this.#uploads = new SharedUploads(database, owner);
  }

  /**
   * Opens the store, one process after the other: so one of them makes the file, and no owner is
   * taken for dead while it is being made.
   * @param directory its folder; in it stands `owners`
   * @throws FatalError `state-unusable`.
   */
  static open(directory: string, busyTimeoutMs: number): SharedState {
    const unlock = exclusiveLock(join(directory, 'lock.db'), busyTimeoutMs, SHARED_SCHEMA.advice);
    if (unlock === undefined) {
      throw new FatalError(
        'state-unusable',
        `the state in ${directory} has been held by another process for ${busyTimeoutMs / 1000} s: see what keeps it, then start again`,
      );
    }
    try {
      return SharedState.#openAlone(directory, busyTimeoutMs);
    } catch (error) {
      throw directoryFailure(error, directory);
    } finally {
      unlock();
    }
  }

  static #openAlone(directory: string, busyTimeoutMs: number): SharedState {
    const owner = SharedOwner.take(join(directory, 'owners'));
    try {
      return StateFile.open(join(directory, 'shared.db'), busyTimeoutMs, SHARED_SCHEMA, (file) => {
        const state = new SharedState(file, owner);
        state.#recover();
        return state;
      });
    } catch (error) {
      owner.release();
      throw error;
    }
  }

  fills(): readonly SealedFill[] {
    return this.#file.snapshot(() => this.#pending.all());
  }

  gauge(): GaugeRecord {
    return this.#file.snapshot(() => this.#gauge.load(this.#head.read()));
  }

  /** Who of others has the key. */
  held(key: string): ClaimHolder | undefined {
    return this.#file.snapshot(() => this.#claims.held(key));
  }

  /** Every key that others have. */
  heldByOthers(): readonly HeldKey[] {
    return this.#file.snapshot(() => this.#claims.heldByOthers());
  }

  uploads(owner: string | undefined): readonly UploadRecord[] {
    return this.#file.snapshot(() => this.#uploads.all(owner));
  }

  deadUploaders(): readonly string[] {
    return this.#file.snapshot(() => this.#uploads.dead());
  }

  vendorDocuments(): readonly VendorDocument[] {
    return this.#file.snapshot(() => this.#vendors.all());
  }

  /**
   * Makes several changes durable by one transaction: one wait for the disk however many wait.
   * @throws FatalError `state-unusable`: none of them was stored.
   */
  write(writes: readonly SharedWrite[]): readonly SharedWritten[] {
    const lasts = writes.some(({ op }) => op !== 'claim' && op !== 'release');
    return this.#waitingForDisk(lasts, () =>
      this.#changing((before) => {
        let head = before;
        const replies = writes.map((write) => {
          const applied = this.#apply(head, write);
          head = applied.head;
          return applied.reply;
        });
        return { head, replies };
      }),
    );
  }

  /** What ends with the machine anyway, as claims do, need not be on its disk. */
  #waitingForDisk<T>(waits: boolean, work: () => T): T {
    if (waits) return work();
    const { database } = this.#file;
    database.pragma('synchronous = NORMAL');
    try {
      return work();
    } finally {
      database.pragma('synchronous = FULL');
    }
  }

  /** What this process owns is free from then on. */
  close(): void {
    try {
      this.#file.close();
    } finally {
      this.#owner.release();
    }
  }

  #recover(): void {
    this.#file.snapshot(() => {
      const head = this.#head.read();
      this.#pending.verify(head);
      this.#claims.verify(head);
      this.#gauge.verify(head);
      this.#vendors.verify(head);
      this.#uploads.verify(head);
    });
    this.#changing((head) => ({ head: this.#claims.sweep(head), replies: [] }));
  }

  #changing(
    work: (head: SharedHead) => {
      readonly head: SharedHead;
      readonly replies: readonly SharedWritten[];
    },
  ): readonly SharedWritten[] {
    return this.#file.transaction(() => {
      const before = this.#head.read();
      const { head, replies } = work(before);
      if (head !== before) this.#head.write(head);
      return replies;
    });
  }

  #apply(head: SharedHead, write: SharedWrite): Applied {
    switch (write.op) {
      case 'recordFill':
        return { head: this.#pending.record(head, write.fill), reply: { op: write.op } };
      case 'fillDone':
        return { head: this.#pending.done(head, write.key), reply: { op: write.op } };
      case 'takeOverFills': {
        const taken = this.#pending.takeOver(head);
        return { head: taken.head, reply: { op: write.op, fills: taken.fills } };
      }
      case 'claim': {
        const claimed = this.#claims.claim(head, write.key, write.claimant);
        return { head: claimed.head, reply: { op: write.op, answer: claimed.answer } };
      }
      case 'release':
        return {
          head: this.#claims.release(head, write.key, write.owner),
          reply: { op: write.op },
        };
      case 'addToGauge':
        return { head: this.#gauge.add(head, write.batch), reply: { op: write.op } };
      case 'keepUpload':
        return {
          head: this.#uploads.keep(head, write.record, write.owner),
          reply: { op: write.op },
        };
      case 'dropUpload':
        return {
          head: this.#uploads.drop(head, write.key, write.owner),
          reply: { op: write.op },
        };
      case 'putVendorDocument':
        return { head: this.#vendors.put(head, write.document), reply: { op: write.op } };
      case 'removeVendorDocument':
        return { head: this.#vendors.remove(head, write.vendor), reply: { op: write.op } };
    }
  }
}
