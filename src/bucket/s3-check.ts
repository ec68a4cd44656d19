import { Failure, FatalError } from '../model/failure.ts';
import { bucketFailure } from '../s3/explain-s3-error.ts';
import { S3Error } from '../s3/s3-error.ts';
import type { S3Store } from '../s3/s3-store.ts';
import type { S3Tools } from './s3-tools.ts';
import { PROBE_NAME, probeConditionalWrites, removeProbe, writeProbe } from './s3-write-probe.ts';

/** What a run is going to ask of its bucket. */
export interface S3Needs {
  /** Objects will be stored; false in a dry run, which writes nothing, not even a check. */
  readonly write: boolean;
  /** It must be told for a key whether there is an object. */
  readonly presence: boolean;
  /** Nothing is written before it resolves; where it fails the check fails with it, first of all. */
  readonly admitted?: Promise<void> | undefined;
}

/** Requests for one step of the check: nobody should wait long to hear that an address is wrong. */
const CHECK_ATTEMPTS = 3;

const NO_BUCKET =
  'the bucket does not exist there: check bucket.url, endpoint and region, or create it';

const BUCKET_ITSELF = { key: undefined, query: [], headers: {}, body: undefined } as const;

/** Random digits in the name of a key that nobody has. */
const RANDOM_DIGITS = 16;

/**
 * Checks at the start of a run what no object could go well without: endpoint, credentials and
 * bucket, then that absent keys are told from forbidden ones, then that objects can be written, and
 * whether conditionally, as far as the run needs it.
 * @returns notices for people, one line each.
 * @throws FatalError `bucket-unusable`, or the signal's reason.
 */
export async function s3Check(
  tools: S3Tools,
  needs: S3Needs,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const hurried = { ...tools, store: hurriedStore(tools.store) };
  try {
    const reading = checkReading(hurried, needs, signal);
    reading.catch(() => undefined);
    await needs.admitted;
    await reading;
    return needs.write ? await checkWriting(hurried, signal) : [];
  } catch (error) {
    throw asFatal(error);
  }
}

/** Asks both at once, as stores are far away; what is wrong with the whole bucket is told first. */
async function checkReading(
  tools: S3Tools,
  { presence }: S3Needs,
  signal: AbortSignal,
): Promise<void> {
  const reached = checkAccess(tools, signal);
  const told = presence ? checkPresence(tools, signal) : Promise.resolve();
  told.catch(() => undefined);
  await reached;
  await told;
}

function hurriedStore(store: S3Store): S3Store {
  return {
    ...store,
    send: (request, reader, signal) =>
      store.send({ ...request, attempts: CHECK_ATTEMPTS }, reader, signal),
  };
}

function asFatal(error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  return new FatalError('bucket-unusable', error.message, error);
}

function unusable({ bucket }: S3Tools, why: string, cause?: unknown): FatalError {
  return new FatalError('bucket-unusable', `bucket ${bucket} can't be used: ${why}`, cause);
}

const isRefusal = (error: unknown): error is S3Error =>
  error instanceof S3Error && (error.status === 403 || error.status === 401);

/**
 * Asks for the bucket by HEAD. Its answers have no body, so after a refusal a listing is asked for,
 * whose error says whether the credentials are wrong, or only may not list.
 */
async function checkAccess(tools: S3Tools, signal: AbortSignal): Promise<void> {
  const { store, bucket, prefix } = tools;
  const doing = 'be reached';
  try {
    await store.send({ method: 'HEAD', ...BUCKET_ITSELF }, () => Promise.resolve(), signal);
    return;
  } catch (error) {
    if (!(error instanceof S3Error)) throw bucketFailure(error, { bucket, doing });
    if (error.status === 404) throw unusable(tools, NO_BUCKET, error);
    if (![400, 401, 403].includes(error.status)) throw bucketFailure(error, { bucket, doing });
  }
  const query = [
    ['list-type', '2'],
    ['max-keys', '1'],
    ['prefix', prefix],
  ] as const;
  try {
    const request = { method: 'GET', ...BUCKET_ITSELF, query } as const;
    await store.send(request, () => Promise.resolve(), signal);
  } catch (error) {
    const onlyListing = isRefusal(error) && error.code === 'AccessDenied';
    if (!onlyListing) throw bucketFailure(error, { bucket, doing });
  }
}

function absentKey({ clock, prefix }: S3Tools): string {
  const digits = Array.from({ length: RANDOM_DIGITS }, () => Math.floor(clock.random() * 10));
  return `${prefix}.bucketfill-absent-${digits.join('')}`;
}

async function checkPresence(tools: S3Tools, signal: AbortSignal): Promise<void> {
  const { store, bucket } = tools;
  const key = absentKey(tools);
  try {
    const request = { method: 'HEAD', key, query: [], headers: {}, body: undefined } as const;
    const { status } = await store.send(request, (response) => Promise.resolve(response), signal);
    const why =
      `it answers ${status} for a key that nobody has, so every object would seem to be there; ` +
      'is bucket.endpoint an S3 store?';
    throw unusable(tools, why);
  } catch (error) {
    if (error instanceof S3Error && error.status === 404) return;
    if (error instanceof FatalError) throw error;
    if (!isRefusal(error)) throw bucketFailure(error, { bucket, doing: 'look up a key' });
    const why =
      `it answers ${error.status} for a key that is not there, so absent objects can't be told ` +
      'from forbidden ones; allow s3:GetObject on its objects and s3:ListBucket on the bucket';
    throw unusable(tools, why, error);
  }
}

async function checkWriting(tools: S3Tools, signal: AbortSignal): Promise<readonly string[]> {
  const { bucket, conditional } = tools;
  const notices: string[] = [];
  try {
    if (conditional.mode === 'never') await writeProbe(tools, signal);
    else conditional.remember(await probeConditionalWrites(tools, signal));
  } catch (error) {
    const doing = 'store the object of the write check';
    throw bucketFailure(error, { bucket, key: PROBE_NAME, doing });
  }
  try {
    await removeProbe(tools, signal);
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    notices.push(`bucket ${bucket}: the write check's ${PROBE_NAME} stays there: ${why}`);
  }
  if (conditional.known === true || conditional.mode === 'never') return notices;
  if (conditional.mode === 'always') {
    const why = 'the store does not honour If-None-Match, which conditionalWrites: always asks for';
    throw unusable(tools, `${why}; set bucket.conditionalWrites: auto`);
  }
  const race = 'objects are looked up before they are written, and a writer in between is replaced';
  notices.push(`bucket ${bucket} has no conditional writes: ${race}`);
  return notices;
}
