import {
  MAX_SEALED_BYTES,
  type UploadJournal,
  type UploadJournals,
} from '../model/upload-journal.ts';
import type { SharedQuestion, SharedReply, SharedWrite, UploadOwner } from './shared-protocol.ts';
import type { StoreThread } from './store-thread.ts';

/** The thread of a shared store, from the outside. */
export type SharedThread = StoreThread<SharedQuestion | SharedWrite, SharedReply>;

/** The upload journals in the shared store of that thread. */
export function journalsOver(thread: SharedThread): UploadJournals {
  return {
    own: journalOf(thread, undefined),
    async ofDead() {
      const { owners } = await thread.call({ op: 'deadUploaders' });
      return owners.map((owner) => journalOf(thread, owner));
    },
  };
}

function journalOf(thread: SharedThread, owner: UploadOwner): UploadJournal {
  return {
    async keep(key, sealed) {
      if (Buffer.byteLength(sealed) > MAX_SEALED_BYTES) {
        throw new RangeError(`the record of an upload is larger than ${MAX_SEALED_BYTES} bytes`);
      }
      await thread.call({ op: 'keepUpload', owner, record: { key, sealed } });
    },
    async drop(key) {
      await thread.call({ op: 'dropUpload', owner, key });
    },
    async all() {
      return (await thread.call({ op: 'uploads', owner })).uploads;
    },
  };
}
