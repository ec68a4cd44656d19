import { expect } from 'vitest';
import { s3Bucket } from '../../src/bucket/s3-bucket.ts';
import { byteBudget } from '../../src/guard/byte-budget.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { UploadJournal } from '../../src/model/upload-journal.ts';
import { S3Error } from '../../src/s3/s3-error.ts';
import type { S3Control } from '../../src/s3/s3-store.ts';
import { OpenUploads } from '../../src/transfer/open-uploads.ts';
import type { OwnClaims } from '../../src/transfer/own-claims.ts';
import { transferObject } from '../../src/transfer/transfer-object.ts';
import type { TransferOutcome } from '../../src/transfer/transfer-outcome.ts';
import { originRequest } from '../contract/origin-contract.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { memoryUploadJournal } from '../support/memory-upload-journal.ts';
import { storeSettings } from '../support/settings.ts';
import { breakingOrigin } from './breaking-origin.ts';
import { type SlowStore, slowStore } from './slow-store.ts';

export const PART = 5 * 1024 ** 2;
/** Three whole parts, which can be gone on behind, and a last one. */
export const BODY = Buffer.alloc(3 * PART + 777_777);
for (let at = 0; at + 4 <= BODY.length; at += 4) BODY.writeUInt32LE(at, at);

/** What is other in one of the runs. */
export interface RunChange {
  readonly stop?: AbortController;
  readonly control?: Partial<S3Control>;
  readonly keep?: UploadJournal['keep'];
  readonly claims?: OwnClaims;
  /** Default: a part. */
  readonly thresholdBytes?: number;
}

/** One object on its way into one S3 store, run after run, with one journal of uploads. */
export interface RunsOfOneObject {
  readonly store: SlowStore;
  readonly journal: UploadJournal;
  /** The first byte that each request asked for; nothing is all. */
  readonly asked: readonly (number | undefined)[];
  /** A run; at its end it holds no memory. */
  readonly run: (change?: RunChange) => Promise<TransferOutcome>;
  /** The object is there, byte for byte, and nothing besides. */
  readonly expectStored: () => Promise<void>;
}

const instant = { ...fakeClock(), sleep: () => Promise.resolve() };
const MULTIPART = { partSizeBytes: PART, concurrency: 1 };

export function runsOfOneObject(): RunsOfOneObject {
  const store = slowStore(instant, 0);
  const journal = memoryUploadJournal();
  const asked: (number | undefined)[] = [];
  const source = breakingOrigin({
    objects: new Map([['k', { bytes: BODY, framing: 'length', etag: '"1"', breaks: [] }]]),
    clock: instant,
    firstByteMs: 0,
    onAsked: (_key, rest) => {
      asked.push(rest?.offset);
    },
  });
  return {
    ...{ store, journal, asked },
    run: async ({ stop, control, keep, claims, thresholdBytes = PART } = {}) => {
      const memory = byteBudget(64 * PART);
      const bucket = s3Bucket({
        ...{ name: 's3://bucket/', prefix: '', memory, clock: instant, checksum: 'auto' },
        ...{ storageClass: undefined, acl: undefined, sse: undefined, conditionalWrites: 'never' },
        store: { ...store, control: { ...store.control, ...control } },
        onBoundary: () => undefined,
      });
      const transfer = {
        entry: { key: objectKey('k') },
        ...{ source, bucket, memory, request: originRequest('k'), stored: undefined },
        ...{
          store: storeSettings({ multipart: { ...MULTIPART, thresholdBytes } }),
          ifAbsent: true,
        },
        claims,
        uploads: await OpenUploads.load({ ...journal, ...(keep && { keep }) }, () => 0),
      };
      const { signal } = stop ?? new AbortController();
      return transferObject(transfer, signal).finally(() => {
        expect(memory.usage()).toMatchObject({ reservedBytes: 0, waiting: 0 });
      });
    },
    expectStored: async () => {
      expect(store.objects.get('k')?.equals(BODY)).toBe(true);
      expect(store.uploads.size).toBe(0);
      expect(await journal.all()).toEqual([]);
    },
  };
}

/** The store's refusal. */
export function refusal(code: string, status: number): S3Error {
  return new S3Error({
    ...{ code, status, said: '', requestId: undefined, retryAfterMs: undefined },
    ...{ region: undefined, attempts: 1 },
  });
}
