import { FatalError } from '../../model/failure.ts';
import type { Rule } from '../../model/rule.ts';
import type { RuleVendor } from '../../model/vendor-documents.ts';
import { bos } from './bos.ts';
import { draftDocument, readVendorText } from './draft-document.ts';
import type { VendorText } from './draft-document.ts';
import type { DraftRule } from './draft-rule.ts';
import type { ImportWarning } from './import-notes.ts';
import { ImportNotes } from './import-notes.ts';
import { obs } from './obs.ts';
import { oss } from './oss.ts';
import { parseDrafts } from './parse-drafts.ts';
import { refuseBeyondBos } from './put-limits-bos.ts';
import { refuseBeyondObs } from './put-limits-obs.ts';
import { refuseBeyondOss } from './put-limits-oss.ts';
import { refuseBeyondQingstor } from './put-limits-qingstor.ts';
import { qingstor } from './qingstor.ts';
import type { Vendor } from './vendor.ts';
import { VendorSource } from './vendor-source.ts';
import { PLACEHOLDER_BUCKET, writeRulesYaml } from './write-rules-yaml.ts';

/** What a vendor's PUT comes to. The message is one line and repeats no secret. */
export type PutRules =
  | {
      readonly accepted: true;
      /** In the order that they match in; none for a website of OSS that has no rule. */
      readonly rules: readonly Rule[];
      readonly warnings: readonly ImportWarning[];
    }
  | {
      readonly accepted: false;
      /** `malformed`: it can't be read at all. */
      readonly problem: 'malformed' | 'invalid';
      readonly message: string;
    };

interface PutCall {
  readonly vendor: Vendor;
  /** Refuses what the vendor would, although import takes it. */
  readonly refuseBeyond: (root: VendorSource) => void;
}

const CALLS: Readonly<Record<RuleVendor, PutCall>> = {
  qingstor: { vendor: qingstor, refuseBeyond: refuseBeyondQingstor },
  obs: { vendor: obs, refuseBeyond: refuseBeyondObs },
  oss: { vendor: oss, refuseBeyond: refuseBeyondOss },
  bos: { vendor: bos, refuseBeyond: refuseBeyondBos },
};

/** Names what was PUT, in messages. */
const FILE = 'the document';

/**
 * The rules of a document that was PUT by a vendor's own call. They are made as import makes them,
 * but the document is held to the vendor's limits where import is content with a warning. A
 * credential in it becomes a reference to the environment, as there.
 */
export function putRules(vendor: RuleVendor, text: string): PutRules {
  const call = CALLS[vendor];
  let problem: 'malformed' | 'invalid' = 'malformed';
  try {
    const document = readVendorText(call.vendor, text, FILE);
    problem = 'invalid';
    const drafts = draftDocument(call.vendor, document);
    // Limits look at fields that import drops; with notes of their own they don't count as read.
    const { format } = document.notes;
    call.refuseBeyond(new VendorSource(document.node, '', new ImportNotes(FILE, format)));
    const rules = drafts.length === 0 ? [] : rulesOf(drafts, document);
    return { accepted: true, rules, warnings: document.notes.warnings() };
  } catch (error) {
    if (!(error instanceof FatalError) || error.kind !== 'usage') throw error;
    return { accepted: false, problem, message: error.message };
  }
}

function rulesOf(drafts: readonly DraftRule[], { notes }: VendorText): readonly Rule[] {
  const bucketUrl = PLACEHOLDER_BUCKET;
  const file = { head: [], warnings: [], bucketNote: undefined, examples: [] };
  const yaml = writeRulesYaml({ ...file, bucketUrl, rules: drafts });
  return parseDrafts({ yaml, drafts, notes, bucketUrl: undefined }).rules;
}
