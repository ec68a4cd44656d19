import { expect, test } from 'vitest';

import type { Rule } from '../../../src/model/rule.ts';
import type { RuleVendor } from '../../../src/model/vendor-documents.ts';
import { putRules } from '../../../src/rules/vendors/put-rules.ts';

/** A document that becomes JSON unless it is text. */
type Document = object | string;

/** One limit of a vendor's PUT. */
export interface Limit {
  readonly title: string;
  /** The most that is taken. */
  readonly at: Document;
  /** The least that is not. */
  readonly beyond: Document;
  /** What the refusal names. */
  readonly names: string;
}

const textOf = (document: Document): string =>
  typeof document === 'string' ? document : JSON.stringify(document);

/** The rules of a document that is taken. */
export function rulesPut(vendor: RuleVendor, document: Document): readonly Rule[] {
  const put = putRules(vendor, textOf(document));
  if (!put.accepted) throw new Error(`refused: ${put.message}`);
  return put.rules;
}

/** The line that refuses a document which could be read. */
export function refusalOf(vendor: RuleVendor, document: Document): string {
  const put = putRules(vendor, textOf(document));
  if (put.accepted) throw new Error('the document was taken');
  expect(put.problem).toBe('invalid');
  return put.message;
}

/** A test for each limit: the document at it is taken, the one beyond it is refused by name. */
export function holdsLimits(vendor: RuleVendor, limits: readonly Limit[]): void {
  test.each(limits)('$title', ({ at, beyond, names }) => {
    expect(putRules(vendor, textOf(at))).toMatchObject({ accepted: true });
    const line = refusalOf(vendor, beyond);
    expect(line).toContain(names);
    expect(line).toMatch(/^the document: [^\n]+$/);
  });
}
