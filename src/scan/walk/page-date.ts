import type { Headers } from '../../model/ports.ts';

/**
 * When an answer was made, by its maker's own clock, in milliseconds since the epoch; undefined where
 * it does not say. A cache keeps the Date of what it keeps (RFC 9110, 6.6.1), so its Age adds nothing.
 */
export function pageDate(headers: Headers): number | undefined {
  const ms = Date.parse(headers['date'] ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}
