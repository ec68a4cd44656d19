import { createHash, type Hash } from 'node:crypto';
import type { Bucket } from '../model/bucket.ts';
import { Failure, type FailureCode } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import { type Origin, type OriginAnswer, type OriginRequest, ReadAgain } from '../model/origin.ts';
import type { Clock } from '../model/ports.ts';
import type { StoreSettings } from '../model/rule.ts';
import { CommitGate } from './commit-gate.ts';
import { confirmBody } from './confirm-body.ts';

/** A body that was read to its end. */
export interface ReadBody {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** Base64; set where it was asked for. */
  readonly md5?: string | undefined;
  /** Who gave it. */
  readonly from: string;
}

/**
 * An origin's body, through the gate that every copied body passes: whole, or a failure. Nothing of
 * it is kept.
 * @throws Failure as `Origin.read`.
 */
export async function readOriginBody(
  origin: Origin,
  request: OriginRequest,
  store: StoreSettings,
  signal: AbortSignal,
): Promise<ReadBody> {
  const entry = { key: request.key };
  const settings = gateOnly(store);
  const read = async (answer: OriginAnswer): Promise<ReadBody | ReadAgain<ReadBody>> => {
    const { head } = answer;
    const gate = new CommitGate(entry, head, settings);
    const sha256 = createHash('sha256');
    await answer.pipeTo((chunk) => {
      gate.update(chunk);
      sha256.update(chunk);
    });
    const passed = gate.pass();
    const body = { bytes: passed.bytes, sha256: sha256.digest('hex'), from: head.origin };
    if (!gate.mustConfirm) return body;
    return new ReadAgain(async (again) => {
      await confirmBody(entry, settings, passed, head, again);
      return body;
    });
  };
  return origin.read(request, read, signal);
}

/** Whether a body may be stored is decided when it is copied; here it must only be whole. */
function gateOnly(store: StoreSettings): StoreSettings {
  const reject = { empty: false, htmlForMedia: false, maxSizeBytes: Infinity };
  return { ...store, requireLength: false, unknownLength: 'confirm', private: 'store', reject };
}

/** Tries at one body; pauses between them double. */
const TRIES = 4;
const FIRST_PAUSE_MS = 250;

/** What may be better the next time. */
const MAY_PASS: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'LENGTH_MISMATCH',
  'BUCKET_UNREACHABLE',
  'BUCKET_THROTTLED',
]);

export interface BucketBody {
  readonly bucket: Pick<Bucket, 'name' | 'read'>;
  readonly key: ObjectKey;
  readonly withMd5: boolean;
  readonly clock: Pick<Clock, 'sleep'>;
}

/**
 * A bucket's body; one that breaks off is read again.
 * @returns undefined where the bucket has no such object.
 * @throws Failure as `Bucket.read`.
 */
export async function readBucketBody(
  { bucket, key, withMd5, clock }: BucketBody,
  signal: AbortSignal,
): Promise<ReadBody | undefined> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await bucket.read(
        key,
        async (answer) => {
          const sha256 = createHash('sha256');
          const md5 = withMd5 ? createHash('md5') : undefined;
          const bytes = await answer.pipeTo((chunk) => {
            sha256.update(chunk);
            md5?.update(chunk);
          });
          return { bytes, ...digests(sha256, md5), from: bucket.name };
        },
        signal,
      );
    } catch (error) {
      const passes = error instanceof Failure && MAY_PASS.has(error.code);
      if (!passes || tries === TRIES) throw error;
      await clock.sleep(FIRST_PAUSE_MS * 2 ** (tries - 1), signal);
    }
  }
}

function digests(sha256: Hash, md5: Hash | undefined): Pick<ReadBody, 'sha256' | 'md5'> {
  return { sha256: sha256.digest('hex'), md5: md5?.digest('base64') };
}
