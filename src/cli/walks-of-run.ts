import path from 'node:path';
import type { EventSink } from '../model/ports.ts';
import type { Rules } from '../model/rule.ts';
import type { Log } from '../report/log.ts';
import type { KeyFilter } from '../plan/key-filter.ts';
import type { Cleanup } from './cleanup.ts';
import type { OpenedSources } from './open-sources.ts';
import type { OpenedWalks } from './open-walks.ts';
import { pickSources } from './scan-sources.ts';
import type { Stop } from './stop-signals.ts';
import type { Surroundings } from './surroundings.ts';

/** Index pages are made by the server at each request: more at once seldom make it faster. */
export const PAGES_AT_ONCE = 16;

/** A run's own concurrency is of objects, which are cheaper to serve than pages are to make. */
export function pagesAtOnce({ concurrency }: { readonly concurrency: number | 'auto' }): number {
  return concurrency === 'auto' ? PAGES_AT_ONCE : Math.min(concurrency, PAGES_AT_ONCE);
}

/** The flags that decide how a scan asks. */
export interface WalkOptions {
  readonly rule?: readonly string[];
  readonly requestsPerSecond?: number;
  readonly ignoreRobots?: true;
  readonly allowPrivate?: true;
}

/** A command that scans. */
export interface Scanning {
  readonly rulesFile: string;
  readonly rules: Rules;
  readonly options: WalkOptions;
  readonly surroundings: Surroundings;
  readonly stop: Stop;
  readonly log: Log;
  /** Absent: every key is meant. */
  readonly filter?: KeyFilter | undefined;
  readonly events: EventSink;
  /** Where the run asks the same hosts for objects: pages and objects keep to one set of limits. */
  readonly sources?: Pick<OpenedSources, 'hosts'> | undefined;
}

/**
 * Opens what a command scans and asks each origin, before any state is written.
 * @param concurrency pages at once
 * @throws FatalError `usage`, `origins-unusable`.
 */
export async function walksOfRun(
  { rulesFile, rules, options, filter, surroundings, stop, log, events, sources }: Scanning,
  concurrency: number,
  cleanup: Cleanup,
): Promise<OpenedWalks> {
  const { openWalks } = await import('./open-walks.ts');
  const walks = await openWalks(
    pickSources(rules, options.rule ?? [], filter?.prefix),
    {
      allowPrivate: rules.allowPrivate || options.allowPrivate === true,
      folder: path.dirname(path.resolve(surroundings.cwd, rulesFile)),
      concurrency,
      requestsPerSecond: options.requestsPerSecond,
      hosts: sources?.hosts,
      ignoreRobots: options.ignoreRobots === true,
      onState: (event) => {
        events.emit(event);
      },
      onWaiting: log.info,
      drain: stop.drain,
    },
    surroundings,
  );
  cleanup.add(() => walks.close());
  await walks.check(stop.drain);
  return walks;
}
