import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { objectKey } from '../../src/model/object-key.ts';
import { plainRequest } from '../../src/rules/client-request.ts';
import { explainKey } from '../../src/rules/explain-key.ts';
import { imported } from './vendors/imported.ts';

/**
 * Every example that the vendors' documents work out, from their own file to what `explain` says:
 * import, rules, rewriting, headers. What a document leaves out here (`query`, `headers`) a request
 * does without.
 */
export interface GoldenCase {
  readonly title: string;
  readonly vendor: string;
  /** A file of samples/vendors, or the document itself. */
  readonly document: string | object;
  readonly key: string;
  readonly query?: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly expected: Expected;
}

interface Expected {
  readonly rule: string | null;
  readonly action: string | null;
  readonly originUrls?: readonly string[];
  readonly requestHeaders?: Readonly<Record<string, string>>;
  /** The key itself where nothing is said; null where nothing is stored. */
  readonly storedKey?: null;
  readonly redirect?: { readonly status: number; readonly location: string };
}

/** A file of samples/vendors. */
export function sample(name: string): string {
  return readFileSync(new URL(`../../samples/vendors/${name}`, import.meta.url), 'utf8');
}

function run({ vendor, document, key, query = '', headers = {} }: GoldenCase) {
  const isFile = typeof document === 'string' && /^[\w-]+\.(json|xml)$/.test(document);
  const { rules } = imported(vendor, isFile ? sample(document) : document);
  const request = { ...plainRequest(objectKey(key)), query, headers, host: headers['host'] };
  const { reason, ...said } = explainKey(rules, request);
  expect(reason).not.toBe('');
  return said;
}

/** All that `explain` says, apart from its words. */
function told({ key, expected }: GoldenCase) {
  const { rule, action, originUrls, requestHeaders = {}, redirect = null } = expected;
  return {
    key,
    rule,
    source: rule === null ? null : 'file',
    action,
    ...(originUrls === undefined ? {} : { originUrls }),
    requestHeaders,
    storedKey: rule === null || expected.storedKey === null ? null : key,
    redirect,
  };
}

/** One test for each case of a vendor. */
export function golden(vendor: string, cases: readonly Omit<GoldenCase, 'vendor'>[]): void {
  describe(`the documented cases of ${vendor}`, () => {
    test.each(cases)('$title', (one) => {
      const whole = { ...one, vendor };
      expect(run(whole)).toEqual(told(whole));
    });
  });
}
