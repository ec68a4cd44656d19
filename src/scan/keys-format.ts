import path from 'node:path';

/** How a key list is written; the README says what each one holds. */
export const KEYS_FORMATS = [
  'plain',
  'csv',
  'tsv',
  'jsonl',
  'gcs-tsv',
  's3-inventory',
  'url-key',
] as const;

export type KeysFormat = (typeof KEYS_FORMATS)[number];

/** The first line of a URL list of Google's Storage Transfer Service. */
export const GCS_FIRST_LINE = 'TsvHttpData-1.0';

const BY_ENDING: Readonly<Record<string, KeysFormat>> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.jsonl': 'jsonl',
  '.json': 'jsonl',
};

/**
 * The format of a list of which nobody told it: by its first line, else by its name's ending before
 * `.gz`, else plain.
 * @param name of the file; undefined for stdin
 * @param head the list's first bytes
 */
export function tellFormat(name: string | undefined, head: Buffer): KeysFormat {
  if (isGcsHead(head)) return 'gcs-tsv';
  const ending = path.extname((name ?? '').replace(/\.gz$/i, '')).toLowerCase();
  if (ending === '.json' && isManifestHead(head)) return 's3-inventory';
  return BY_ENDING[ending] ?? 'plain';
}

/** Whether a list's first line is Google's. */
export function isGcsHead(head: Buffer): boolean {
  const [line = ''] = head.toString('latin1', 0, GCS_FIRST_LINE.length + 8).split(/\r?\n/);
  return line.replace(/^\u00ef\u00bb\u00bf/, '').trimEnd() === GCS_FIRST_LINE;
}

/** The manifest of an S3 Inventory begins as no line of a list does. */
function isManifestHead(head: Buffer): boolean {
  const text = head.toString('latin1');
  return /^[\s\u00ef\u00bb\u00bf]*\{/.test(text) && text.includes('"fileSchema"');
}
