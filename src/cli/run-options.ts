import type { LogLevel } from '../report/log.ts';
import type { Overwrite } from '../plan/decide-copy.ts';

/** What commander hands to the commands that run the engine. */
export interface RunOptions {
  readonly state?: string;
  readonly concurrency: number | 'auto';
  readonly overwrite: Overwrite;
  readonly dryRun?: true;
  readonly json?: true;
  readonly ui: 'auto' | 'bar' | 'plain' | 'none';
  readonly quiet?: true;
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json';
  readonly allowPrivate?: true;
}

/** What `auto` stands for: as many objects at once as one origin address takes by default. */
const AUTO_CONCURRENCY = 64;

/** How many objects are worked on at once. */
export function concurrencyOf({ concurrency }: RunOptions): number {
  return concurrency === 'auto' ? AUTO_CONCURRENCY : concurrency;
}
