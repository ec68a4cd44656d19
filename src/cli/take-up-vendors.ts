import { FatalError } from '../model/failure.ts';
import type { Rules } from '../model/rule.ts';
import type { VendorDocument } from '../model/vendor-documents.ts';
import { tooManyRules, type VendorRuleList } from '../rules/compose-rules.ts';
import { unusableOrigin } from '../rules/unusable-origin.ts';
import { type PutRules, putRules } from '../rules/vendors/put-rules.ts';
import type { OpenedRules } from './serve-rules.ts';

/** How rules are made ready, and by whose word private addresses are allowed. */
export interface TakeUpSettings {
  readonly open: (rules: Rules) => Promise<OpenedRules>;
  /** By flag, whatever the rules file says. */
  readonly allowPrivate: boolean;
}

/** A document that is kept, with the rules that it brings. */
export interface KeptRules extends VendorRuleList {
  readonly document: VendorDocument;
  /** Why its rules can't be in force, in one line; it has none then. */
  readonly why: string | undefined;
}

/**
 * Reads documents that were kept: what vendors' calls brought is held to the same as when it came,
 * but one that can't be used any more stands in nobody's way.
 * @param documents the last PUT first, as what it gives
 */
export async function takeUpVendors(
  file: Rules,
  documents: readonly VendorDocument[],
  settings: TakeUpSettings,
): Promise<readonly KeptRules[]> {
  const kept: KeptRules[] = [];
  for (const document of documents) {
    const { vendor } = document;
    const read = readDocument(file, document, settings.allowPrivate);
    const rules = read.accepted ? read.rules : [];
    const why = read.accepted
      ? (tooManyRules(file, [...kept, { vendor, rules }]) ??
        (await whyNotOpened({ ...file, rules }, settings)))
      : read.message;
    kept.push({ vendor, document, rules: why === undefined ? rules : [], why });
  }
  return kept;
}

/** The rules of a document, where fetches by them are allowed at all. */
export function readDocument(
  file: Rules,
  { vendor, text }: VendorDocument,
  allowPrivate: boolean,
): PutRules {
  const read = putRules(vendor, text);
  if (!read.accepted) return read;
  const allowed = file.allowPrivate || allowPrivate;
  const why = unusableOrigin({ ...file, allowPrivate: allowed, rules: read.rules });
  return why === undefined ? read : { accepted: false, problem: 'invalid', message: why };
}

async function whyNotOpened(rules: Rules, { open }: TakeUpSettings): Promise<string | undefined> {
  try {
    const opened = await open(rules);
    await opened.close();
    return undefined;
  } catch (error) {
    return usageMessage(error);
  }
}

/** What is wrong with rules that could not be opened. @throws what is no fault of theirs. */
export function usageMessage(error: unknown): string {
  if (error instanceof FatalError && error.kind === 'usage') return error.message;
  throw error;
}
