import type { Rule, Rules } from '../model/rule.ts';
import type { RuleVendor } from '../model/vendor-documents.ts';

/** As many rules as a rules file may have, whoever brings them. */
const MOST_RULES = 1000;

/** Who brought a rule: the rules file, or the vendor whose call it was. */
export type BroughtBy = 'file' | RuleVendor;

/** The rules that a vendor's call brought. */
export interface VendorRuleList {
  readonly vendor: RuleVendor;
  readonly rules: readonly Rule[];
}

/** The rules that a proxy goes by. */
export interface ComposedRules {
  /** Those of the file, with the vendors' before the file's. */
  readonly rules: Rules;
  /** By rule id, for the rules that are not the file's. */
  readonly vendorOf: ReadonlyMap<string, RuleVendor>;
}

/** In this order vendors choose ids, so that no PUT of one gives the rules of another new ones. */
const NAMING: readonly RuleVendor[] = ['qingstor', 'obs', 'oss', 'bos'];

/**
 * Puts vendors' rules before the file's, in the order in which the vendors are given. What is kept
 * of a rule (figures, promised fetches) is kept by its id, so each rule gets one of its own: its
 * own id, or `<vendor>-<id>` where the file or a vendor that chooses before has that, or
 * `<vendor>-<id>-2` and so on.
 * @param vendors the last PUT first; each once
 */
export function composeRules(file: Rules, vendors: readonly VendorRuleList[]): ComposedRules {
  const taken = new Set(file.rules.map(({ id }) => id));
  const vendorOf = new Map<string, RuleVendor>();
  const named = new Map<RuleVendor, readonly Rule[]>();
  for (const vendor of NAMING) {
    const rules = vendors.find((one) => one.vendor === vendor)?.rules ?? [];
    const own = rules.map((rule) => {
      const id = freeId(rule.id, vendor, taken);
      taken.add(id);
      vendorOf.set(id, vendor);
      return id === rule.id ? rule : { ...rule, id };
    });
    named.set(vendor, own);
  }
  const first = vendors.flatMap(({ vendor }) => named.get(vendor) ?? []);
  return { rules: { ...file, rules: [...first, ...file.rules] }, vendorOf };
}

function freeId(wanted: string, vendor: RuleVendor, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  const base = `${vendor}-${wanted}`;
  let id = base;
  for (let copy = 2; taken.has(id); copy += 1) id = `${base}-${copy}`;
  return id;
}

/** Why so many rules can't be in force together; undefined where they can. */
export function tooManyRules(file: Rules, vendors: readonly VendorRuleList[]): string | undefined {
  const ofVendors = vendors.reduce((sum, { rules }) => sum + rules.length, 0);
  if (file.rules.length + ofVendors <= MOST_RULES) return undefined;
  return `at most ${MOST_RULES} rules can be in force together: the file has ${file.rules.length}, vendors' calls brought ${ofVendors}`;
}
