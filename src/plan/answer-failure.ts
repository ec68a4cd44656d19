import type { Failure } from '../model/failure.ts';
import type { Rule } from '../model/rule.ts';
import { isBucketFailure } from './is-bucket-failure.ts';

/** What a client is told when no origin gave the object. */
export type FailureAnswer =
  /** The origin's own answer with its body; nothing of it is stored. */
  | { readonly answer: 'passStatus'; readonly status: number }
  /** The origin's redirect, which the rule does not follow. */
  | { readonly answer: 'handOnRedirect'; readonly status: number; readonly location: string }
  /** The rule's own redirect, to the first master's URL. */
  | { readonly answer: 'redirect' }
  /** The next rule that matches is asked. */
  | { readonly answer: 'nextRule' }
  | {
      readonly answer: 'error';
      readonly status: number;
      /** The code of S3's XML error body. */
      readonly code: 'NoSuchKey' | 'MirrorFailed' | 'SlowDown';
    };

const NOT_FOUND = { answer: 'error', status: 404, code: 'NoSuchKey' } as const;
const SLOW_DOWN = { answer: 'error', status: 503, code: 'SlowDown' } as const;

/**
 * What serve answers after the failure of a whole fetch, all addresses tried: a redirect that is
 * not followed is handed on; a 404 that every address said goes by `afterMiss`; then
 * `passStatuses`; then 404, or `onError`. Trouble of the bucket is the client's to wait out.
 */
export function answerFailure(
  failure: Failure,
  rule: Pick<Rule, 'response' | 'afterMiss'>,
): FailureAnswer {
  const { code, status, location } = failure;
  if (isBucketFailure(failure)) return SLOW_DOWN;
  if (isRedirect(status) && location !== undefined && location !== '') {
    return { answer: 'handOnRedirect', status, location };
  }
  const isMiss = code === 'ORIGIN_NOT_FOUND';
  if (isMiss && rule.afterMiss !== 'none') return { answer: rule.afterMiss };
  const said = saidStatus(failure);
  if (said !== undefined && rule.response.passStatuses.includes(said)) {
    return { answer: 'passStatus', status: said };
  }
  if (isMiss) return NOT_FOUND;
  return { answer: 'error', status: rule.response.onError, code: 'MirrorFailed' };
}

/** The status of an origin that answered; none where its answer was broken. */
function saidStatus({ code, status }: Failure): number | undefined {
  if (code === 'ORIGIN_NOT_FOUND') return status ?? NOT_FOUND.status;
  return code === 'ORIGIN_STATUS' || code === 'ORIGIN_ARCHIVED' ? status : undefined;
}

function isRedirect(status: number | undefined): status is number {
  return status !== undefined && status >= 300 && status < 400;
}
