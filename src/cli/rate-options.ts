import { InvalidArgumentError } from 'commander';
import { parseRate } from '../rules/units.ts';

/**
 * Bytes a second of a `--bandwidth`.
 * @throws InvalidArgumentError that says what is allowed.
 */
export function bandwidth(text: string): number {
  const rate = parseRate(text);
  if ('problem' in rate) throw new InvalidArgumentError(`It is a rate: ${rate.problem}.`);
  if (rate.value >= 1) return rate.value;
  throw new InvalidArgumentError('It is a rate of at least 1B/s, such as 50MiB/s.');
}

/**
 * Requests a second of a `--requests-per-second`; a fraction is fine.
 * @throws InvalidArgumentError that says what is allowed.
 */
export function requestsPerSecond(text: string): number {
  const rate = Number(text);
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text) && rate > 0) return rate;
  throw new InvalidArgumentError('It is a number above 0, such as 500 or 0.5.');
}
