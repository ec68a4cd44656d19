import { InvalidArgumentError } from 'commander';
import type { LogLevel } from '../report/log.ts';
import type { Overwrite } from '../plan/decide-copy.ts';
import { parseDuration, parseSize } from '../rules/units.ts';
import { MOST_AT_ONCE } from '../run/concurrency-tuner.ts';

/** What commander hands to the commands that run the engine. */
export interface RunOptions {
  readonly state?: string;
  readonly concurrency: number | 'auto';
  /** Threads that copy, the main one among them. */
  readonly workers: number;
  /** Bytes a second, from all origins together. */
  readonly bandwidth?: number;
  /** Of all origins together. */
  readonly requestsPerSecond?: number;
  /** Bytes of bodies in flight, all together. */
  readonly memory: number;
  readonly overwrite: Overwrite;
  readonly dryRun?: true;
  readonly json?: true;
  readonly ui: 'auto' | 'bar' | 'plain' | 'none';
  readonly quiet?: true;
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json';
  readonly allowPrivate?: true;
}

/** What is told on stderr, and how. */
export type LogOptions = Pick<RunOptions, 'quiet' | 'logLevel' | 'logFormat'>;

/** How many objects are worked on at once, at most. */
export function mostAtOnce({ concurrency }: Pick<RunOptions, 'concurrency'>): number {
  return concurrency === 'auto' ? MOST_AT_ONCE : concurrency;
}

/** Less would not hold a part of the default size beside a few small objects. */
export const LEAST_MEMORY_BYTES = 32 * 1024 ** 2;

/**
 * Bytes of a `--memory`.
 * @throws InvalidArgumentError that says what is allowed.
 */
export function sizeOfMemory(text: string): number {
  const size = parseSize(text);
  if ('value' in size && size.value >= LEAST_MEMORY_BYTES) return size.value;
  const why = 'problem' in size ? `: ${size.problem}` : '';
  throw new InvalidArgumentError(`It is a size of at least 32MiB, such as 256MiB${why}.`);
}

/**
 * Bytes of a `--spool`.
 * @throws InvalidArgumentError that says what is allowed.
 */
export function sizeOfSpool(text: string): number {
  const size = parseSize(text);
  if ('value' in size) return size.value;
  throw new InvalidArgumentError(`It is a size, such as 20GiB: ${size.problem}.`);
}

/**
 * Milliseconds of a `--max-age`.
 * @throws InvalidArgumentError that says what is allowed.
 */
export function maxAge(text: string): number {
  const age = parseDuration(text);
  if ('value' in age) return age.value;
  throw new InvalidArgumentError(`It is a duration, such as 24h or 0s: ${age.problem}.`);
}
