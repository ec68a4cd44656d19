import type { S3Double } from '../support/s3-double.ts';
import type { SoakObjects } from './soak-objects.ts';

/** How often somebody does something. */
const EVERY_MS = 40;
/** The store's faults are other ones after so many of those. */
const FAULTS_EVERY = 5;
/** What the store was asked is forgotten then. */
const FORGET_EVERY = 250;

/**
 * Whoever else is at work: new versions at the site, other objects and deletions in the bucket, and
 * a store that goes wrong. What was promised to somebody is left alone.
 */
export async function runSomebody(
  objects: SoakObjects,
  store: S3Double,
  chance: () => number,
  over: AbortSignal,
): Promise<number> {
  const bucket = store.bucket('bucket');
  let faults = 0;
  const any = (): string => objects.keys[Math.floor(chance() * objects.keys.length)] ?? '';
  for (let turn = 1; !over.aborted; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    const key = any();
    if (turn % 3 === 0 && objects.current(key) !== undefined) objects.renew(key);
    if (turn % 7 === 0) put(objects, bucket, any());
    for (const gone of [any(), any(), any()]) {
      if (!gone.startsWith('r/')) bucket.objects.delete(gone);
    }
    if (turn % FAULTS_EVERY === 0) {
      store.healed();
      faults += spoil(store, chance);
    }
    if (turn % FORGET_EVERY === 0) store.forget();
  }
  store.healed();
  return faults;
}

function put(objects: SoakObjects, bucket: ReturnType<S3Double['bucket']>, key: string): void {
  if (key.startsWith('r/')) return;
  const { bytes, etag = '' } = objects.foreign(key);
  bucket.objects.set(key, {
    bytes,
    etag,
    lastModifiedMs: Date.now(),
    checksums: {},
    headers: { 'content-type': 'application/octet-stream' },
    metadata: {},
    tags: {},
    storageClass: 'STANDARD',
    acl: 'private',
    sse: undefined,
  });
}

/** Scripts one fault for whoever comes next; most of the time none. */
function spoil(store: S3Double, chance: () => number): number {
  const nth = 1 + Math.floor(chance() * 4);
  const dice = chance();
  if (dice > 0.6) return 0;
  if (dice < 0.2) {
    const action =
      chance() < 0.5
        ? ({ kind: 'cutBody', afterBytes: Math.floor(chance() * 20_000) } as const)
        : ({ kind: 'refuse', status: 503, code: 'SlowDown', retryAfter: '0' } as const);
    store.fail({ operation: 'GetObject', nth, action });
    return 1;
  }
  const writes = ['PutObject', 'UploadPart', 'CompleteMultipartUpload'] as const;
  const operation = writes[Math.floor(chance() * writes.length)] ?? 'PutObject';
  const what = chance();
  store.fail({
    operation,
    nth,
    action:
      what < 0.3
        ? { kind: 'reset' }
        : what < 0.6
          ? { kind: 'loseAnswer' }
          : what < 0.8
            ? { kind: 'delay', delayMs: 500 }
            : { kind: 'refuse', status: 500, code: 'InternalError' },
  });
  return 1;
}
