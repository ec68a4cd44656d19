import { Failure } from '../model/failure.ts';
import { isThrottle } from './is-throttle.ts';

/** A CDN's own statuses, from 520 up: the site behind it can't keep up, or is overloaded. */
const FIRST_CDN_STATUS = 520;
const LAST_CDN_STATUS = 529;

/**
 * Whether a failure means that its host should be asked less at once: a throttle, or a CDN that
 * gets no answer from the site behind it.
 */
export function slowsHost(error: unknown): error is Failure {
  if (!(error instanceof Failure)) return false;
  const status = error.status ?? 0;
  return isThrottle(error) || (status >= FIRST_CDN_STATUS && status <= LAST_CDN_STATUS);
}
