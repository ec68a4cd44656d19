import { FatalError } from '../model/failure.ts';
import type { Rules } from '../model/rule.ts';
import type { RuleVendor, VendorDocument, VendorDocuments } from '../model/vendor-documents.ts';
import { type BroughtBy, composeRules, tooManyRules } from '../rules/compose-rules.ts';
import { formatProblem } from '../rules/parse-rules.ts';
import type { Reloaded } from '../serve/admin/admin-view.ts';
import type { VendorPut, VendorRules } from '../serve/admin/vendor-calls.ts';
import type { RulesInForce } from '../serve/serving.ts';
import { readRules } from './load-rules.ts';
import type { OpenedRules } from './serve-rules.ts';
import {
  type KeptRules,
  readDocument,
  takeUpVendors,
  type TakeUpSettings,
  usageMessage,
} from './take-up-vendors.ts';

export interface ReloadSettings extends TakeUpSettings {
  readonly rulesFile: string;
  readonly cwd: string;
  /** What vendors' calls brought. */
  readonly documents: VendorDocuments;
  /** Resolves when nobody is at work by the rules that are in force now. */
  readonly settled: () => Promise<void>;
  /** Told of vendors' rules that are doubtful, or can't be in force; in one line. */
  readonly warn: (line: string) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** The rules file, what vendors' calls brought beside it, and both together, ready to serve by. */
interface Composition {
  readonly file: Rules;
  /** The last PUT first. */
  readonly kept: readonly KeptRules[];
  readonly vendorOf: ReadonlyMap<string, RuleVendor>;
  readonly opened: OpenedRules;
}

/**
 * The rules that the proxy goes by: those that vendors' calls brought, the last PUT first, then the
 * file's. The file can be read anew, and vendors' calls made, while it serves, one after the other,
 * each as a whole or not at all. What is under way goes on by the rules that it began with, and
 * their origins are closed when it is over.
 */
export class ReloadableRules implements VendorRules {
  readonly #settings: ReloadSettings;
  #now: Composition;
  #closing: Promise<void> = Promise.resolve();
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(settings: ReloadSettings, now: Composition) {
    this.#settings = settings;
    this.#now = now;
  }

  /**
   * Vendors' rules that can't be used any more are left out, with a warning.
   * @throws FatalError `usage` for the file's, `state-unusable`
   */
  static async open(settings: ReloadSettings, file: Rules): Promise<ReloadableRules> {
    const kept = await takeUpVendors(file, await settings.documents.all(), settings);
    const rules = new ReloadableRules(settings, await compose(settings, file, kept));
    rules.#tellLeftOut();
    return rules;
  }

  get rules(): Rules {
    return this.#now.opened.rules;
  }

  readonly inForce = (): RulesInForce => this.#now.opened.inForce;

  /** Who brought the rule of that id. */
  readonly sourceOf = (id: string): BroughtBy => this.#now.vendorOf.get(id) ?? 'file';

  /** Reads the file anew; rules that can't be used leave those that are in force. */
  async reload(): Promise<Reloaded> {
    return this.#inTurn(async () => this.#reloadNow());
  }

  document(vendor: RuleVendor): string | undefined {
    return this.#keptOf(vendor)?.document.text;
  }

  async put(vendor: RuleVendor, text: string): Promise<VendorPut> {
    return this.#inTurn(async () => this.#putNow({ vendor, text }));
  }

  async remove(vendor: RuleVendor): Promise<void> {
    await this.#inTurn(async () => this.#removeNow(vendor));
  }

  async close(): Promise<void> {
    await this.#changing;
    await this.#closing;
    await this.#now.opened.close();
  }

  async #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#changing.then(change);
    this.#changing = turn.catch(() => undefined);
    return turn;
  }

  #keptOf(vendor: RuleVendor): KeptRules | undefined {
    return this.#now.kept.find((one) => one.vendor === vendor);
  }

  async #reloadNow(): Promise<Reloaded> {
    const { rulesFile, cwd, documents } = this.#settings;
    try {
      const { rules, problems } = await readRules(rulesFile, cwd);
      if (rules === undefined) {
        const errors = problems.filter(({ severity }) => severity === 'error');
        return { ok: false, problems: errors.map((problem) => formatProblem(rulesFile, problem)) };
      }
      const changed = unchangeable(this.rules, rules);
      if (changed !== undefined) return { ok: false, problems: [changed] };
      const kept = await takeUpVendors(rules, await documents.all(), this.#settings);
      const lost = this.#lost(kept);
      if (lost.length > 0) return { ok: false, problems: lost };
      this.#enforce(await compose(this.#settings, rules, kept));
      this.#tellLeftOut();
      return { ok: true, rules: this.rules.rules.length };
    } catch (error) {
      if (!(error instanceof FatalError)) throw error;
      return { ok: false, problems: [error.message] };
    }
  }

  /** Vendors' rules that are in force, and could not be beside the file as it is now. */
  #lost(kept: readonly KeptRules[]): string[] {
    return kept.flatMap(({ vendor, document, why }) => {
      const before = this.#keptOf(vendor);
      const wasInForce = before?.why === undefined && before?.document.text === document.text;
      return why !== undefined && wasInForce ? [`the rules from ${vendor}: ${why}`] : [];
    });
  }

  async #putNow(document: VendorDocument): Promise<VendorPut> {
    const { file, kept } = this.#now;
    const { documents, allowPrivate, warn } = this.#settings;
    const { vendor, text } = document;
    const before = this.#keptOf(vendor);
    const isIdentical = before?.document.text === text;
    const isInForce = before !== undefined && before.why === undefined && kept[0] === before;
    if (isIdentical && isInForce) return { outcome: 'identical' };
    const read = readDocument(file, document, allowPrivate);
    if (!read.accepted) return refused(read.problem, read.message);
    const put: KeptRules = { vendor, document, rules: read.rules, why: undefined };
    const after = [put, ...kept.filter((one) => one !== before)];
    const tooMany = tooManyRules(file, after);
    if (tooMany !== undefined) return refused('invalid', tooMany);
    let next: Composition;
    try {
      next = await compose(this.#settings, file, after);
    } catch (error) {
      return refused('invalid', usageMessage(error));
    }
    await this.#keep(next, async () => documents.put(document));
    for (const { path, message } of read.warnings) {
      warn(`the rules from ${vendor}: ${path === '' ? '' : `${path}: `}${message}`);
    }
    return { outcome: isIdentical ? 'identical' : 'stored' };
  }

  async #removeNow(vendor: RuleVendor): Promise<void> {
    const { file, kept } = this.#now;
    const before = this.#keptOf(vendor);
    if (before === undefined) return;
    const after = kept.filter((one) => one !== before);
    const next = await compose(this.#settings, file, after);
    await this.#keep(next, async () => this.#settings.documents.remove(vendor));
  }

  /** Puts a change in force once it is written down. */
  async #keep(next: Composition, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      await next.opened.close();
      throw error;
    }
    this.#enforce(next);
  }

  #enforce(next: Composition): void {
    const { settled, onTrouble } = this.#settings;
    const { opened } = this.#now;
    this.#now = next;
    this.#closing = Promise.all([this.#closing, settled().then(() => opened.close())])
      .then(() => undefined)
      .catch(onTrouble);
  }

  #tellLeftOut(): void {
    for (const { vendor, why } of this.#now.kept) {
      if (why === undefined) continue;
      this.#settings.warn(`the rules from ${vendor} are kept and not in force: ${why}`);
    }
  }
}

function refused(problem: 'malformed' | 'invalid', message: string): VendorPut {
  return { outcome: 'refused', problem, message };
}

/** @throws FatalError `usage` */
async function compose(
  { open }: ReloadSettings,
  file: Rules,
  kept: readonly KeptRules[],
): Promise<Composition> {
  const { rules, vendorOf } = composeRules(file, kept);
  return { file, kept, vendorOf, opened: await open(rules) };
}

/** Clients are answered from one bucket as long as the proxy runs. */
function unchangeable(before: Rules, now: Rules): string | undefined {
  if (JSON.stringify(before.bucket) === JSON.stringify(now.bucket)) return undefined;
  return 'bucket: can not change while the proxy runs; start it anew';
}
