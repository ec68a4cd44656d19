import { FatalError } from '../../../src/model/failure.ts';
import { objectKey } from '../../../src/model/object-key.ts';
import type { Rule, Rules } from '../../../src/model/rule.ts';
import { explainKey } from '../../../src/rules/explain-key.ts';
import { parseRules } from '../../../src/rules/parse-rules.ts';
import { importRules } from '../../../src/rules/vendors/import-rules.ts';

export interface Imported {
  readonly yaml: string;
  readonly rules: Rules;
  /** `path: message`, one line each. */
  readonly warnings: string;
}

/** What a document becomes: an object is written as JSON, text stands as it is. */
export function imported(vendor: string, document: object | string): Imported {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const { yaml, warnings } = importRules({ vendor, text, file: 'in', bucketUrl: undefined });
  const { rules } = parseRules(yaml, 'out.yaml');
  if (rules === undefined) throw new Error(`the output is invalid:\n${yaml}`);
  const lines = warnings.map(({ path, message }) => `${path}: ${message}`);
  return { yaml, rules, warnings: lines.join('\n') };
}

/** The only rule. */
export function ruleFrom(vendor: string, document: object | string): Rule {
  const { rules } = imported(vendor, document).rules;
  const [rule] = rules;
  if (rule === undefined || rules.length > 1) throw new Error(`${rules.length} rules`);
  return rule;
}

/** The one line that refuses a document. */
export function refusal(vendor: string, document: object | string): string {
  try {
    imported(vendor, document);
  } catch (error) {
    if (error instanceof FatalError && error.kind === 'usage') return error.message;
    throw error;
  }
  throw new Error('the document was accepted');
}

/** Where a key would be asked for, in order. */
export function urlsFor(vendor: string, document: object | string, key: string): readonly string[] {
  return explainKey(imported(vendor, document).rules, objectKey(key)).originUrls ?? [];
}

/** The addresses of a rule's masters or slaves, as text or `$NAME`. */
export function addressesOf(list: readonly Rule[] | undefined, which: 'masters' | 'slaves') {
  return (list ?? []).flatMap(({ origins }) =>
    (origins?.[which] ?? []).map(({ url }) => ('text' in url ? url.text : `$${url.env}`)),
  );
}
