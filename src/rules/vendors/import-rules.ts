import { FatalError } from '../../model/failure.ts';
import { keyProblem, objectKey } from '../../model/object-key.ts';
import type { Rule, Rules } from '../../model/rule.ts';
import { explainKey } from '../explain-key.ts';
import { draftDocument, readVendorText } from './draft-document.ts';
import type { DraftRule } from './draft-rule.ts';
import type { ImportWarning } from './import-notes.ts';
import { parseDrafts } from './parse-drafts.ts';
import type { Vendor } from './vendor.ts';
import { VENDORS } from './vendors.ts';
import { PLACEHOLDER_BUCKET, writeRulesYaml } from './write-rules-yaml.ts';

export interface ImportRequest {
  /** One of the words of `VENDORS`. */
  readonly vendor: string;
  readonly text: string;
  /** The document's name, for messages. */
  readonly file: string;
  /** What becomes `bucket.url`; absent: a directory as a placeholder. */
  readonly bucketUrl: string | undefined;
}

export interface ImportedRules {
  /** A whole rules file, which `check` accepts. */
  readonly yaml: string;
  /** Every field that was dropped or is doubtful. */
  readonly warnings: readonly ImportWarning[];
}

/**
 * A vendor's configuration as a rules file.
 * @throws FatalError `usage`, one line, for a document that can't be read, contradicts itself, or
 * asks for what bucketfill has no counterpart of. No secret of the document is ever repeated.
 */
export function importRules(request: ImportRequest): ImportedRules {
  const { vendor: name, text, file } = request;
  const vendor = VENDORS.get(name);
  if (vendor === undefined) {
    const known = [...VENDORS.keys()].join(', ');
    throw new FatalError('usage', `\`${name}\` is no vendor that is known here; one of ${known}`);
  }
  const document = readVendorText(vendor, text, file);
  const { notes } = document;
  const rules = draftDocument(vendor, document);
  if (rules.length === 0) throw notes.problem('', 'holds no rule');
  const ofRules = new Set(rules.flatMap((rule) => rule.warnings));
  const others = notes.warnings().filter((warning) => !ofRules.has(warning));
  const draft = { vendor, rules, warnings: others };
  const plain = write(draft, request, []);
  const { bucketUrl } = request;
  const parsed = parseDrafts({ yaml: plain, drafts: rules, notes, bucketUrl });
  const examples = rules.map((_, index) => exampleLines(parsed, parsed.rules[index]));
  return { yaml: write(draft, request, examples), warnings: notes.warnings() };
}

interface Draft {
  readonly vendor: Vendor;
  readonly rules: readonly DraftRule[];
  /** Those that concern no rule. */
  readonly warnings: readonly ImportWarning[];
}

function write(
  { vendor, rules, warnings }: Draft,
  { bucketUrl }: ImportRequest,
  examples: readonly (readonly string[])[],
): string {
  const note = 'a placeholder: write the bucket here, as s3://BUCKET';
  return writeRulesYaml({
    head: [
      `Imported by bucketfill from ${vendor.title}.`,
      'NOTE marks what was dropped or is doubtful. `bucketfill check` validates this file,',
      '`bucketfill explain` tells what becomes of a key.',
    ],
    warnings,
    bucketUrl: bucketUrl ?? PLACEHOLDER_BUCKET,
    bucketNote: bucketUrl === undefined ? note : undefined,
    rules,
    examples,
  });
}

/** A key that the rule's conditions fit and the first address that it would be asked from. */
function exampleLines(rules: Rules, rule: Rule | undefined): readonly string[] {
  if (rule === undefined) return [];
  const { keyPrefix = '', keySuffix } = rule.match;
  const folder = keyPrefix === '' || keyPrefix.endsWith('/') ? keyPrefix : `${keyPrefix}/`;
  const key = `${folder}example${keySuffix ?? '.jpg'}`;
  if (keyProblem(key) !== undefined) return [];
  // What only a request decides is left out: the line is about keys and addresses.
  const hosts = { allow: [], deny: [] };
  const match = { ...rule.match, methods: ['GET'], statuses: [404], headers: [], hosts };
  const { originUrls = [] } = explainKey({ ...rules, rules: [{ ...rule, match }] }, objectKey(key));
  const [url] = originUrls;
  return url === undefined ? [] : [`Example: ${key} -> ${url}`];
}
