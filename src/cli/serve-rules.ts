import path from 'node:path';
import { timeAnswers } from '../guard/time-answers.ts';
import type { OriginEvent } from '../model/event.ts';
import type { Rule, Rules } from '../model/rule.ts';
import { resolveOriginUrl } from '../rules/resolve-secret.ts';
import type { RulesInForce } from '../serve/serving.ts';
import type { RuleSource } from '../transfer/rule-source.ts';
import { openSources } from './open-sources.ts';
import type { Surroundings } from './surroundings.ts';

/** What happens at the origins, for who keeps the figures. */
export interface OriginWatch {
  readonly answered: (origin: string, ms: number) => void;
  readonly state: (event: OriginEvent) => void;
}

/** Rules that were made ready to serve by. */
export interface OpenedRules {
  readonly rules: Rules;
  readonly inForce: RulesInForce;
  readonly close: () => Promise<void>;
}

/** Connections to one host at once. */
const CONNECTIONS = 1024;

/**
 * Opens the origins of all rules that serve asks them for. Origins that are down are no reason not
 * to: that is what a bucket in front of them is for.
 * @throws FatalError `usage` as `openSources`
 */
export async function openServeRules(
  rules: Rules,
  rulesFile: string,
  allowPrivate: boolean,
  watch: OriginWatch,
  surroundings: Surroundings,
  drain: AbortSignal,
): Promise<OpenedRules> {
  // Before anything is opened that would have to be closed where this fails.
  const bases = rules.rules.flatMap((rule): [string, string][] => {
    const base = redirectBase(rule, surroundings.env);
    return base === undefined ? [] : [[rule.id, base]];
  });
  const sources = await openSources(
    {
      rules: rules.rules,
      asks: isServed,
      patience: 'none',
      allowPrivate: rules.allowPrivate || allowPrivate,
      folder: path.dirname(path.resolve(surroundings.cwd, rulesFile)),
      concurrency: CONNECTIONS,
      rates: { bytesPerSecond: undefined, requestsPerSecond: undefined },
      onState: watch.state,
      drain,
      onWaiting: () => undefined,
    },
    surroundings,
  );
  const timed = (source: RuleSource): RuleSource => ({
    ...source,
    origin: timeAnswers(source.origin, () => surroundings.steadyClock.now(), watch.answered),
  });
  return {
    rules,
    inForce: {
      rules: rules.rules,
      sources: new Map([...sources.byRule].map(([id, source]) => [id, timed(source)])),
      redirectBases: new Map(bases),
    },
    close: () => sources.close(),
  };
}

function isServed({ action }: Rule): boolean {
  return action === 'mirror' || action === 'redirectAndFetch' || action === 'proxy';
}

/** The first master's URL, for rules that may send clients there. */
function redirectBase(rule: Rule, env: Surroundings['env']): string | undefined {
  const [master] = rule.origins?.masters ?? [];
  const sends = rule.action.startsWith('redirect') || rule.afterMiss === 'redirect';
  if (master === undefined || !sends) return undefined;
  return resolveOriginUrl(master.url, env, `rule ${rule.id}, origins.masters[0]`);
}
