import { FatalError } from '../model/failure.ts';
import type { Rules } from '../model/rule.ts';
import { formatProblem } from '../rules/parse-rules.ts';
import type { Reloaded } from '../serve/admin/admin-view.ts';
import type { RulesInForce } from '../serve/serving.ts';
import { readRules } from './load-rules.ts';
import type { OpenedRules } from './serve-rules.ts';

export interface ReloadSettings {
  readonly rulesFile: string;
  readonly cwd: string;
  readonly open: (rules: Rules) => Promise<OpenedRules>;
  /** Resolves when nobody is at work by the rules that are in force now. */
  readonly settled: () => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
}

/**
 * The rules that the proxy goes by, which can be read anew while it serves: all of them or none. What
 * is under way goes on by the rules that it began with, and their origins are closed when it is over.
 */
export class ReloadableRules {
  readonly #settings: ReloadSettings;
  #opened: OpenedRules;
  #closing: Promise<void> = Promise.resolve();
  #reloading: Promise<unknown> = Promise.resolve();

  private constructor(settings: ReloadSettings, opened: OpenedRules) {
    this.#settings = settings;
    this.#opened = opened;
  }

  /** @throws FatalError `usage` */
  static async open(settings: ReloadSettings, rules: Rules): Promise<ReloadableRules> {
    return new ReloadableRules(settings, await settings.open(rules));
  }

  get rules(): Rules {
    return this.#opened.rules;
  }

  readonly inForce = (): RulesInForce => this.#opened.inForce;

  /** Reads the file anew; rules that can't be used leave those that are in force. */
  async reload(): Promise<Reloaded> {
    const turn = this.#reloading.then(async () => this.#reloadNow());
    this.#reloading = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await this.#reloading;
    await this.#closing;
    await this.#opened.close();
  }

  async #reloadNow(): Promise<Reloaded> {
    const { rulesFile, cwd, open, settled, onTrouble } = this.#settings;
    try {
      const { rules, problems } = await readRules(rulesFile, cwd);
      if (rules === undefined) {
        const errors = problems.filter(({ severity }) => severity === 'error');
        return { ok: false, problems: errors.map((problem) => formatProblem(rulesFile, problem)) };
      }
      const changed = unchangeable(this.rules, rules);
      if (changed !== undefined) return { ok: false, problems: [changed] };
      const before = this.#opened;
      this.#opened = await open(rules);
      const over = settled();
      this.#closing = Promise.all([this.#closing, over.then(() => before.close())])
        .then(() => undefined)
        .catch(onTrouble);
      return { ok: true, rules: rules.rules.length };
    } catch (error) {
      if (!(error instanceof FatalError)) throw error;
      return { ok: false, problems: [error.message] };
    }
  }
}

/** Clients are answered from one bucket as long as the proxy runs. */
function unchangeable(before: Rules, now: Rules): string | undefined {
  if (JSON.stringify(before.bucket) === JSON.stringify(now.bucket)) return undefined;
  return 'bucket: can not change while the proxy runs; start it anew';
}
