import { createHash, timingSafeEqual } from 'node:crypto';
import { type AdminAnswer, errorAnswerJson } from './admin-answer.ts';

const BEARER = /^bearer +(\S+) *$/i;

/**
 * Refuses a call that would change something, unless it bears the token. Without a token configured
 * nothing can be changed. A missing and a wrong one are answered alike, with 403; how long that
 * takes tells nothing of the token.
 * @returns undefined for a call that may be made
 */
export function refuseWithoutToken(
  token: string | undefined,
  authorization: string | undefined,
): AdminAnswer | undefined {
  if (token === undefined || token === '') {
    const how = 'set BUCKETFILL_ADMIN_TOKEN or --admin-token-file';
    return errorAnswerJson(403, `this call needs a token, and none is configured: ${how}`);
  }
  const given = BEARER.exec(authorization ?? '')?.[1];
  if (given !== undefined && timingSafeEqual(digest(given), digest(token))) return undefined;
  const how = 'Authorization: Bearer with the content of BUCKETFILL_ADMIN_TOKEN';
  return errorAnswerJson(403, `this call needs the admin token: ${how} or of --admin-token-file`);
}

/** Of one length, whatever the text. */
function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
