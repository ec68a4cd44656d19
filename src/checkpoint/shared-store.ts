import { join } from 'node:path';
import type { Claims } from '../model/claims.ts';
import type { GaugeStore } from '../model/gauge-store.ts';
import { objectKey } from '../model/object-key.ts';
import type { PendingFill, PendingFills } from '../model/pending-fills.ts';
import type { UploadJournals } from '../model/upload-journal.ts';
import type { VendorDocuments } from '../model/vendor-documents.ts';
import { prepareFolder } from './prepare-folder.ts';
import { journalsOver, type SharedThread } from './shared-journals.ts';
import type { SealedFill } from './shared-protocol.ts';
import { StoreThread } from './store-thread.ts';
import { StoredList } from './stored-list.ts';

/** How long the changes of others may keep one waiting before it fails. */
const BUSY_TIMEOUT_MS = 10_000;

/** Fills may hold headers of clients, cookies for one. */
const FOR_OWNER_ONLY = 0o700;

export interface SharedStoreOptions {
  /** The store's own folder, of one bucket; made when it is missing. */
  readonly directory: string;
  /** Milliseconds since the epoch; only told, never reckoned with. */
  readonly now: () => number;
}

/** What all processes on one bucket share. */
export interface SharedStore {
  readonly pending: PendingFills;
  readonly gauge: GaugeStore;
  readonly claims: Claims;
  readonly uploads: UploadJournals;
  readonly vendorDocuments: VendorDocuments;
  /** Gives up what this process owns in it; safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens the store that all processes on one bucket share, over SQLite in a thread of its own. Calls
 * are carried out in the order in which they are made; changes that wait at the same time share one
 * transaction.
 *
 *     <directory>/shared.db      pending fills, claims, the cutover gauge, vendors' rules,
 *                                uploads under way
 *     <directory>/lock.db        held by who opens the store, for a moment
 *     <directory>/owners/        a lock a process that has it open
 *
 * @throws FatalError `state-unusable` where the file is foreign, damaged, of another version, on a
 * network file system, or can't be read or written.
 */
export async function openSharedStore({
  directory,
  now,
}: SharedStoreOptions): Promise<SharedStore> {
  await prepareFolder(directory, join(directory, 'owners'), FOR_OWNER_ONLY);
  const thread: SharedThread = new StoreThread('shared-worker', 'the shared store');
  try {
    await thread.call({ op: 'open', directory, busyTimeoutMs: BUSY_TIMEOUT_MS });
  } catch (error) {
    await thread.close();
    throw error;
  }
  return {
    pending: pendingOver(thread),
    gauge: gaugeOver(thread),
    claims: claimsOver(thread, now),
    uploads: journalsOver(thread),
    vendorDocuments: vendorDocumentsOver(thread),
    close: async () => thread.close(),
  };
}

function pendingOver(thread: SharedThread): PendingFills {
  return {
    async record(fill) {
      await thread.call({ op: 'recordFill', fill: sealFill(fill) });
    },
    async done(key) {
      await thread.call({ op: 'fillDone', key });
    },
    async all() {
      return (await thread.call({ op: 'fills' })).fills.map(openFill);
    },
    async takeOver() {
      return (await thread.call({ op: 'takeOverFills' })).fills.map(openFill);
    },
  };
}

function sealFill({ key, rule, query, headers }: PendingFill): SealedFill {
  return { key, sealed: JSON.stringify([rule, query, ...Object.entries(headers).flat()]) };
}

function openFill({ key, sealed }: SealedFill): PendingFill {
  const list = new StoredList(sealed);
  const headers: [string, string][] = [];
  for (let at = 2; at < list.length; at += 2) headers.push([list.text(at), list.text(at + 1)]);
  return {
    key: objectKey(key),
    rule: list.text(0),
    query: list.text(1),
    headers: Object.fromEntries(headers),
  };
}

function gaugeOver(thread: SharedThread): GaugeStore {
  return {
    async load() {
      return (await thread.call({ op: 'gauge' })).record;
    },
    async add(batch) {
      await thread.call({ op: 'addToGauge', batch });
    },
  };
}

function claimsOver(thread: SharedThread, now: () => number): Claims {
  return {
    async claim(key, owner) {
      const claimant = { owner, sinceMs: now() };
      return (await thread.call({ op: 'claim', key, claimant })).answer;
    },
    async release(key, owner) {
      await thread.call({ op: 'release', key, owner });
    },
    async held(key) {
      return (await thread.call({ op: 'held', key })).holder;
    },
    async heldByOthers() {
      return new Map((await thread.call({ op: 'heldByOthers' })).held);
    },
  };
}

function vendorDocumentsOver(thread: SharedThread): VendorDocuments {
  return {
    async all() {
      return (await thread.call({ op: 'vendorDocuments' })).documents;
    },
    async put(document) {
      await thread.call({ op: 'putVendorDocument', document });
    },
    async remove(vendor) {
      await thread.call({ op: 'removeVendorDocument', vendor });
    },
  };
}
