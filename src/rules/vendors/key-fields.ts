import type { Fields } from './draft-rule.ts';
import type { VendorSource } from './vendor-source.ts';

const TOKEN = '${key}';

/**
 * `key` for a vendor's `prefix${key}suffix`; undefined where that changes nothing, `fixed` where it
 * holds no token and the vendor has that.
 * @throws FatalError `usage` for a wrong number of tokens.
 */
export function templateFields(source: VendorSource, mayBeFixed: boolean): Fields | undefined {
  const text = source.text();
  if (text === TOKEN) return undefined;
  const tokens = text.split(TOKEN).length - 1;
  if (tokens === 1) return { template: text };
  if (tokens === 0 && mayBeFixed) return { fixed: text };
  throw source.problem(`expected exactly one ${TOKEN}, as in "pre${TOKEN}post", got ${tokens}`);
}

/** A prefix that a vendor replaces by itself, whatever the rule's condition is. */
export interface PrefixReplacement {
  readonly holder: VendorSource;
  /** The rule's own condition. */
  readonly condition: string;
  readonly from: string;
  readonly to: string;
}

/**
 * `key` for a replaced prefix. Rules replace the prefix of their condition, so what is replaced
 * must begin it.
 * @throws FatalError `usage` where it does not.
 */
export function replacedPrefix({ holder, condition, from, to }: PrefixReplacement): Fields {
  if (from === '') return { addPrefix: to };
  if (condition.startsWith(from)) return { replacePrefix: `${to}${condition.slice(from.length)}` };
  throw holder.problem(
    'the prefix that is replaced does not begin the prefix of the condition; bucketfill has no counterpart',
  );
}
