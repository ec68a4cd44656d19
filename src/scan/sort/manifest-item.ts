import type { ManifestEntry } from '../../model/scan-journal.ts';
import { manifestLine } from '../journal/manifest-line.ts';
import type { Keyed } from './keyed.ts';
import { jsonFields, keyOf, manifestEntry } from './manifest-fields.ts';

/** A line of a manifest that is parsed no further than it takes to sort it. */
export interface ManifestItem extends Keyed {
  readonly line: string;
}

/** How each line begins; its key follows as a JSON text. */
const HEAD = '{"key":';

/** @throws SyntaxError where the line has no key. */
export function manifestItem(line: string): ManifestItem {
  return { key: keyOf(keyText(line)), line };
}

/** @throws SyntaxError where the line is not of a manifest. */
export function entryOfItem({ line }: ManifestItem): ManifestEntry {
  return manifestEntry(jsonFields(line));
}

/** Parsing makes a string of its own, which compares faster than a piece of the file's text. */
function keyText(line: string): unknown {
  const start = HEAD.length;
  const end = line.indexOf('"', start + 1) + 1;
  if (end === 0 || !line.startsWith(HEAD)) return jsonFields(line)['key'];
  const text = line.slice(start, end);
  return text.includes('\\') ? jsonFields(line)['key'] : JSON.parse(text);
}

/**
 * One item of two lines of a key. Where they tell the same of the object, nothing is lost; else it
 * changed while it was listed, or two listings disagree: the later line counts, and it is racy.
 */
export function sameManifestKey(before: ManifestItem, after: ManifestItem): ManifestItem {
  if (before.line === after.line) return after;
  const entry = laterEntry(entryOfItem(before), entryOfItem(after));
  return { key: after.key, line: manifestLine(entry).slice(0, -1) };
}

function laterEntry(before: ManifestEntry, after: ManifestEntry): ManifestEntry {
  const isSame =
    before.rule === after.rule &&
    before.originKey === after.originKey &&
    before.size === after.size &&
    before.etag === after.etag &&
    before.lastModifiedMs === after.lastModifiedMs &&
    before.resolutionMs === after.resolutionMs;
  return { ...after, racy: isSame && before.racy !== true ? after.racy : true };
}
