import { Failure } from '../model/failure.ts';

/**
 * Statuses by which a living origin asks for less: Too Many Requests, Service Unavailable,
 * Bandwidth Limit Exceeded, Site is overloaded. They are answered by waiting.
 */
const THROTTLES: ReadonlySet<number> = new Set([429, 503, 509, 529]);

/** Whether a failure is an address's wish to be left alone for a while. */
export function isThrottle(error: unknown): boolean {
  return error instanceof Failure && THROTTLES.has(error.status ?? 0);
}
