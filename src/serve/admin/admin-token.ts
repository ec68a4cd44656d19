import { createHash, timingSafeEqual } from 'node:crypto';
import { type AdminAnswer, errorAnswerJson } from './admin-answer.ts';

const BEARER = /^bearer +(\S+) *$/i;

/**
 * Refuses a call that would change something, unless it bears the token: 403.
 * @returns undefined for a call that may be made
 */
export function refuseWithoutToken(
  token: string | undefined,
  authorization: string | undefined,
): AdminAnswer | undefined {
  const problem = tokenProblem(token, authorization);
  return problem === undefined ? undefined : errorAnswerJson(403, problem);
}

/**
 * Why a call does not bear the token, in one line. Without a token configured no call does. How long
 * this takes tells nothing of the token, and a missing and a wrong one are told alike.
 * @returns undefined for a call that may be made
 */
export function tokenProblem(
  token: string | undefined,
  authorization: string | undefined,
): string | undefined {
  if (token === undefined || token === '') {
    const how = 'set BUCKETFILL_ADMIN_TOKEN or --admin-token-file';
    return `this call needs a token, and none is configured: ${how}`;
  }
  const given = BEARER.exec(authorization ?? '')?.[1];
  if (given !== undefined && timingSafeEqual(digest(given), digest(token))) return undefined;
  const how = 'Authorization: Bearer with the content of BUCKETFILL_ADMIN_TOKEN';
  return `this call needs the admin token: ${how} or of --admin-token-file`;
}

/** Of one length, whatever the text. */
function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
