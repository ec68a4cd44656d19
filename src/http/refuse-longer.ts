import { Failure } from '../model/failure.ts';

/**
 * Refuses a body that has more bytes than its reader takes at once.
 * @throws Failure `LENGTH_MISMATCH`
 */
export function refuseLonger(what: string, bytes: number | undefined, limit: number): void {
  if (bytes === undefined || bytes <= limit) return;
  const line = `${what}: the body has ${String(bytes)} bytes or more, expected at most ${String(limit)}`;
  throw new Failure('LENGTH_MISMATCH', line);
}
