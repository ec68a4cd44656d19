import type { ObjectKey } from '../../src/model/object-key.ts';
import { MAX_SEALED_BYTES, type UploadJournal } from '../../src/model/upload-journal.ts';

/** An upload journal in memory, for tests of uploads alone. */
export function memoryUploadJournal(): UploadJournal {
  const records = new Map<ObjectKey, string>();
  return {
    keep: (key, sealed) => {
      if (Buffer.byteLength(sealed) > MAX_SEALED_BYTES) {
        return Promise.reject(new RangeError('the record of an upload is too large'));
      }
      records.set(key, sealed);
      return Promise.resolve();
    },
    drop: (key) => {
      records.delete(key);
      return Promise.resolve();
    },
    all: () =>
      Promise.resolve(
        Array.from(records, ([key, sealed]) => ({ key, sealed })).sort((a, b) =>
          Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)),
        ),
      ),
  };
}
