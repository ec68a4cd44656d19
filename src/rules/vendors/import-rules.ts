import { FatalError } from '../../model/failure.ts';
import { keyProblem, objectKey } from '../../model/object-key.ts';
import type { Rule, Rules } from '../../model/rule.ts';
import { explainKey } from '../explain-key.ts';
import { parseRules } from '../parse-rules.ts';
import type { DraftRule } from './draft-rule.ts';
import type { ImportWarning } from './import-notes.ts';
import { ImportNotes } from './import-notes.ts';
import type { Vendor } from './vendor.ts';
import { MAX_CHARACTERS } from './vendor-node.ts';
import { VendorSource } from './vendor-source.ts';
import { VENDORS } from './vendors.ts';
import { writeRulesYaml } from './write-rules-yaml.ts';

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
  /** A whole rules file, which {@link parseRules} accepts. */
  readonly yaml: string;
  /** Every field that was dropped or is doubtful. */
  readonly warnings: readonly ImportWarning[];
}

const PLACEHOLDER = 'file:./bucket';

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
  const notes = new ImportNotes(file, /^\s*</.test(text) ? 'xml' : 'json');
  const root = new VendorSource(readDocument(vendor, text, notes), '', notes);
  const rules = vendor.draft(root);
  root.finish();
  if (rules.length === 0) throw notes.problem('', 'holds no rule');
  const ofRules = new Set(rules.flatMap((rule) => rule.warnings));
  const others = notes.warnings().filter((warning) => !ofRules.has(warning));
  const draft = { vendor, rules, warnings: others };
  const plain = write(draft, request, []);
  const parsed = parsedRules(plain, rules, request, notes);
  const examples = rules.map((_, index) => exampleLines(parsed, parsed.rules[index]));
  return { yaml: write(draft, request, examples), warnings: notes.warnings() };
}

function readDocument(vendor: Vendor, text: string, notes: ImportNotes) {
  if (text.length > MAX_CHARACTERS) {
    throw notes.problem('', `has ${text.length} characters, at most ${MAX_CHARACTERS} are read`);
  }
  const bare = text.replace(/^\uFEFF/, '');
  if (bare.trim() === '') throw notes.problem('', 'is empty');
  return vendor.read(bare, notes);
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
    bucketUrl: bucketUrl ?? PLACEHOLDER,
    bucketNote: bucketUrl === undefined ? note : undefined,
    rules,
    examples,
  });
}

/** The rules as every command will read them: nothing leaves here that `check` would refuse. */
function parsedRules(
  yaml: string,
  drafts: readonly DraftRule[],
  { bucketUrl }: ImportRequest,
  notes: ImportNotes,
): Rules {
  const { rules, problems } = parseRules(yaml, 'the imported rules');
  if (rules !== undefined) return rules;
  const [problem] = problems;
  const { path = '', message = 'cannot be used' } = problem ?? {};
  if (bucketUrl !== undefined && path.startsWith('bucket')) {
    throw new FatalError('usage', `--bucket: ${message}`);
  }
  const index = Number(/^rules\[(\d+)\]/.exec(path)?.[1]);
  const draft = Number.isNaN(index) ? undefined : drafts[index];
  const field = path.replace(/^rules\[\d+\]\.?/, '');
  throw notes.problem(draft?.madeFrom ?? '', `as a rule it is invalid: ${field}: ${message}`);
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
