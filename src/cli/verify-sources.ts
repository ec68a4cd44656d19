import type { EventSink } from '../model/ports.ts';
import type { Rule, Rules } from '../model/rule.ts';
import type { RuleSource } from '../transfer/rule-source.ts';
import type { Log } from '../report/log.ts';
import type { Cleanup } from './cleanup.ts';
import { isCopied, type OpenedSources, openSources } from './open-sources.ts';
import type { Stop } from './stop-signals.ts';
import type { Surroundings } from './surroundings.ts';
import { comparedAtOnce, type VerifyCommandOptions } from './verify-options.ts';

/** The origins of a comparison. */
export interface VerifySources {
  /** By rule id; whether they answer is found out when they are needed first. */
  readonly byRule: () => Promise<ReadonlyMap<string, RuleSource>>;
  /** The limits of their hosts, for a scan of the same hosts; undefined where nobody asks them. */
  readonly limits: Pick<OpenedSources, 'hosts'> | undefined;
  /** Bytes of bodies that came from them. */
  readonly bytes: () => number;
}

export interface VerifySourceNeeds {
  readonly rules: Rules;
  /** Those whose keys are compared. */
  readonly wanted: readonly Rule[];
  /** Where relative paths of the rules file start. */
  readonly folder: string;
  readonly options: VerifyCommandOptions;
  readonly events: EventSink;
  readonly surroundings: Surroundings;
  readonly stop: Stop;
  readonly log: Log;
}

/**
 * Opens the origins. Where listings and lists tell enough nobody asks them, so that a bucket can be
 * held against a manifest when its origin is gone.
 * @throws FatalError `usage`.
 */
export async function openVerifySources(
  needs: VerifySourceNeeds,
  cleanup: Cleanup,
): Promise<VerifySources> {
  const { rules, wanted, folder, options, events, surroundings, stop, log } = needs;
  if (options.level === 'exists') return NOT_ASKED;
  const sources = await openSources(
    {
      rules: wanted,
      asks: isCopied,
      patience: 'giveUpAfter',
      allowPrivate: rules.allowPrivate || options.allowPrivate === true,
      folder,
      concurrency: comparedAtOnce(options),
      rates: { bytesPerSecond: options.bandwidth, requestsPerSecond: options.requestsPerSecond },
      onState: (event) => {
        events.emit(event);
      },
      drain: stop.drain,
      onWaiting: log.info,
    },
    surroundings,
  );
  cleanup.add(() => sources.close());
  let checked: Promise<void> | undefined;
  return {
    byRule: async () => {
      checked ??= sources.check(stop.drain);
      await checked;
      return sources.byRule;
    },
    limits: sources,
    bytes: () => sources.traffic.bodyBytes,
  };
}

const NOT_ASKED: VerifySources = {
  byRule: () => Promise.reject(new Error('whether a key exists is no question to an origin')),
  limits: undefined,
  bytes: () => 0,
};
