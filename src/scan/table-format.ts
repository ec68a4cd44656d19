import { isUtf8 } from 'node:buffer';

import type { Entry } from '../model/entry.ts';
import { FatalError } from '../model/failure.ts';
import { DECLARED_FIELDS, declaredEntry } from './declared-entry.ts';
import { keyless, type ListFormat, withoutLineEnd } from './list-format.ts';
import { quotedRecordEnd, splitFields } from './quoted-record.ts';

/** A list whose records are rows of fields. */
export interface Table {
  readonly separator: ',' | '\t';
  /** Whether the first record names the columns. */
  readonly hasHeader: boolean;
  /** Fields in every record. */
  readonly width: number;
  /** Which field the key is in. */
  readonly keyAt: number;
  /** The entry of a row of that width; undefined for a row that is none. */
  readonly row: (fields: readonly string[], at: number) => Entry | undefined;
}

/** Records of quoted fields (RFC 4180), separated by commas or tabs. */
export function tableFormat(table: Table): ListFormat {
  const { separator, hasHeader, width, row } = table;
  const separatorByte = separator.charCodeAt(0);
  return {
    recordEnd: (buffer, start, _searched, atEnd) =>
      quotedRecordEnd(separatorByte, buffer, start, atEnd),
    entry: (record, at) => {
      if (hasHeader && at === 0) return undefined;
      const bytes = withoutLineEnd(record);
      if (bytes.length === 0) return undefined;
      if (!isUtf8(bytes)) return notUtf8(table, bytes, at);
      const fields = splitFields(bytes.toString('utf8'), separator);
      if (fields === undefined) return keyless('has quotes that do not match', at);
      if (fields.length !== width) {
        return keyless(
          `has ${fields.length} fields, expected ${width}; quote what holds a ${separator === ',' ? 'comma' : 'tab'}`,
          at,
        );
      }
      return row(fields, at);
    },
  };
}

function notUtf8({ separator, width, keyAt }: Table, bytes: Buffer, at: number): Entry {
  const fields = splitFields(bytes.toString('latin1'), separator);
  if (fields?.length !== width) return keyless('is not UTF-8', at);
  const key = Buffer.from(fields[keyAt] ?? '', 'latin1');
  const reason = `the record at byte ${at} of the list is not UTF-8: save the list as UTF-8`;
  const invalid = isUtf8(key)
    ? { key: key.toString('utf8') }
    : { keyBase64: key.toString('base64') };
  return { invalid, reason };
}

/**
 * The format of a table with a header, from that header.
 * @param name of the list, for messages
 * @param header the first record, without a byte order mark
 * @param note told, in a line, of columns that are passed over
 * @throws FatalError `usage` where the header names no key.
 */
export function headedTable(
  name: string,
  separator: ',' | '\t',
  header: Buffer,
  note: (line: string) => void,
): ListFormat {
  const names = (splitFields(withoutLineEnd(header).toString('utf8'), separator) ?? []).map(
    (text) => text.trim(),
  );
  const at = new Map<string, number>();
  for (const field of ['key', ...DECLARED_FIELDS]) {
    const found = names.flatMap((text, index) => (isName(text, field) ? [index] : []));
    if (found.length > 1) throw broken(name, `names the column ${field} ${found.length} times`);
    if (found[0] !== undefined) at.set(field, found[0]);
  }
  const keyAt = at.get('key');
  if (keyAt === undefined) throw broken(name, withoutKey(at.has('url'), separator));
  const others = names.filter((_, index) => ![...at.values()].includes(index));
  if (others.length > 0) note(`${name}: columns that mean nothing here: ${others.join(', ')}`);
  const declared = DECLARED_FIELDS.flatMap((field) => {
    const index = at.get(field);
    return index === undefined ? [] : [[field, index] as const];
  });
  return tableFormat({
    separator,
    hasHeader: true,
    width: names.length,
    keyAt,
    row: (fields, byte) => {
      const texts = Object.fromEntries(declared.map(([field, index]) => [field, fields[index]]));
      return declaredEntry(fields[keyAt] ?? '', texts, byte);
    },
  });
}

function isName(text: string, field: string): boolean {
  return text.toLowerCase() === field.toLowerCase();
}

function withoutKey(hasUrl: boolean, separator: ',' | '\t'): string {
  if (hasUrl) {
    return 'names a column url and none key: add the key of each URL, or give --keys-format gcs-tsv or url-key for what those are';
  }
  const kind = separator === ',' ? 'CSV' : 'TSV';
  return `names no column key: a ${kind} list begins with a header such as key${separator === ',' ? ',' : '<TAB>'}size; for one key a line give --keys-format plain`;
}

function broken(name: string, what: string): FatalError {
  return new FatalError('usage', `${name}: its first line ${what}`);
}
