import type { GenerationEntry, StoredVersion } from '../../model/generation.ts';
import { manifestLine } from '../journal/manifest-line.ts';
import { jsonFields, manifestEntry, sizeOf } from '../sort/manifest-fields.ts';

/** An entry as a line of a manifest, with what the bucket had for it; its line end included. */
export function generationLine(entry: GenerationEntry): string {
  const line = manifestLine(entry);
  const { stored, gone } = entry;
  if (stored === undefined && gone === undefined) return line;
  let more = '';
  if (stored !== undefined) more = `,"stored":[${JSON.stringify(stored.etag)},${stored.size}]`;
  if (gone === true) more += ',"gone":true';
  return `${line.slice(0, -2)}${more}}\n`;
}

/** @throws SyntaxError where {@link generationLine} wrote no such line. */
export function generationEntry(line: string): GenerationEntry {
  const fields = jsonFields(line);
  const entry = manifestEntry(fields);
  // Field by field, which takes a fifth of the time that a spread does.
  return {
    key: entry.key,
    rule: entry.rule,
    originKey: entry.originKey,
    size: entry.size,
    etag: entry.etag,
    lastModifiedMs: entry.lastModifiedMs,
    resolutionMs: entry.resolutionMs,
    racy: entry.racy,
    stored: storedVersion(fields['stored']),
    gone: fields['gone'] === true ? true : undefined,
  };
}

function storedVersion(value: unknown): StoredVersion | undefined {
  if (value === undefined) return undefined;
  const pair: readonly unknown[] = Array.isArray(value) ? value : [];
  const [etag] = pair;
  const size = sizeOf(pair[1]);
  if (typeof etag === 'string' && size !== undefined) return { etag, size };
  throw new SyntaxError('"stored" is no ETag and size');
}
