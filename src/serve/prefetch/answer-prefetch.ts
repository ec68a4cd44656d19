import { randomBytes } from 'node:crypto';
import type { Clock } from '../../model/ports.ts';
import { type EntryUri, parseEntryUri } from '../../rules/entry-uri.ts';
import {
  type AdminAnswer,
  type AdminRequest,
  emptyAnswer,
  errorAnswerJson,
} from '../admin/admin-answer.ts';
import { asFailure } from '../send-error.ts';
import { NoRule, type Prefetches } from './prefetches.ts';
import { prefetchStatus } from './prefetch-status.ts';
import { bearsQboxToken, type QboxKeys } from './qbox-token.ts';

export interface PrefetchCalls {
  readonly prefetches: Pick<Prefetches, 'prefetch'>;
  /** What callers know the bucket by. */
  readonly bucketName: string;
  /** Undefined: nobody can call. */
  readonly keys: QboxKeys | undefined;
  readonly steadyClock: Pick<Clock, 'now'>;
  /** Aborts when nothing new is to begin. */
  readonly drain: AbortSignal;
  /** Told of what went wrong inside; the caller is told of a 599 only. */
  readonly onTrouble: (error: unknown) => void;
}

/** What a call came to. */
interface Outcome {
  readonly status: number;
  readonly error?: string;
}

const PATH = '/prefetch/';

/**
 * Answers Qiniu's `POST /prefetch/<EncodedEntryURI>` as Qiniu documents it: an empty 200 once the
 * object is stored, else `{"error"}` with 400, 401, 404, 478 or 599, each with `X-Reqid` and `X-Log`.
 */
export async function answerPrefetch(
  calls: PrefetchCalls,
  request: AdminRequest,
): Promise<AdminAnswer> {
  if (request.method !== 'POST') {
    return errorAnswerJson(405, 'only POST can be asked here', { allow: 'POST' });
  }
  const { steadyClock } = calls;
  const begunMs = steadyClock.now();
  const { status, error } = await outcomeOf(calls, request);
  const ms = Math.round(steadyClock.now() - begunMs);
  const answer = error === undefined ? emptyAnswer(status) : errorAnswerJson(status, error);
  const headers = {
    'content-type': 'application/json',
    'x-reqid': randomBytes(12).toString('base64url'),
    'x-log': `PREFETCH${error === undefined ? '' : `/${status}`}:${ms}`,
  };
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

async function outcomeOf(calls: PrefetchCalls, request: AdminRequest): Promise<Outcome> {
  const { keys, bucketName, drain } = calls;
  const denied = refusalOf(keys, request);
  if (denied !== undefined) return { status: 401, error: denied };
  const entry = entryOf(request.path);
  if (entry === undefined) {
    const error = 'what follows /prefetch/ is no URL-safe base64 of <bucket>:<key>';
    return { status: 400, error };
  }
  if (entry.bucket !== bucketName) {
    const error = `no such bucket: ${entry.bucket}; the one here is ${bucketName}`;
    return { status: 404, error };
  }
  if (drain.aborted) return { status: 599, error: 'the proxy is told to stop' };
  return fetched(calls, entry);
}

/** Why a call is not to be heard; undefined where it is. */
function refusalOf(keys: QboxKeys | undefined, request: AdminRequest): string | undefined {
  if (keys === undefined) {
    const how = 'set BUCKETFILL_QBOX_ACCESS_KEY and BUCKETFILL_QBOX_SECRET_KEY';
    return `bad token: none is configured: ${how}`;
  }
  const { path, rawQuery, headers, body } = request;
  const signed = { path, rawQuery, contentType: headers['content-type'], body };
  return bearsQboxToken(keys, headers.authorization, signed) ? undefined : 'bad token';
}

function entryOf(path: string): EntryUri | undefined {
  try {
    return parseEntryUri(decodeURIComponent(path.slice(PATH.length)));
  } catch {
    return undefined;
  }
}

async function fetched(
  { prefetches, onTrouble }: PrefetchCalls,
  { key }: EntryUri,
): Promise<Outcome> {
  try {
    await prefetches.prefetch(key);
    return { status: 200 };
  } catch (thrown) {
    if (thrown instanceof NoRule) return { status: 404, error: `${key}: ${thrown.message}` };
    const failure = asFailure(thrown);
    const status = prefetchStatus(failure);
    if (failure.code !== 'INTERNAL') return { status, error: failure.message };
    onTrouble(thrown);
    return { status, error: 'an internal error' };
  }
}
