import { FatalError } from '../model/failure.ts';
import { declaredEntry } from './declared-entry.ts';
import type { ListFormat } from './list-format.ts';
import { tableFormat } from './table-format.ts';

/**
 * Rows of an S3 Inventory's CSV files, which have no header. A key is form-encoded, `+` being a
 * space; the ETag is declared as such, since only some are an MD5 (Amazon S3 User Guide, "Amazon S3
 * Inventory list"). Of several versions only the latest is an entry, and a delete marker is none.
 * @param columns of the manifest's fileSchema
 * @throws FatalError `usage` where they name no key.
 */
export function inventoryFormat(name: string, columns: readonly string[]): ListFormat {
  const at = (column: string): number =>
    columns.findIndex((known) => known.toLowerCase() === column.toLowerCase());
  const keyAt = at('Key');
  if (keyAt < 0) {
    throw new FatalError('usage', `${name}: the fileSchema of the manifest names no Key`);
  }
  const [size, etag, modified] = [at('Size'), at('ETag'), at('LastModifiedDate')];
  const [latest, marker] = [at('IsLatest'), at('IsDeleteMarker')];
  const isThere = (fields: readonly string[]): boolean =>
    fields[latest]?.toLowerCase() !== 'false' && fields[marker]?.toLowerCase() !== 'true';
  return tableFormat({
    separator: ',',
    hasHeader: false,
    width: columns.length,
    keyAt,
    row: (fields, byte) => {
      if (!isThere(fields)) return undefined;
      const raw = fields[keyAt] ?? '';
      const key = formDecoded(raw);
      if (key === undefined) {
        const reason = `the key is not URL-encoded UTF-8 (byte ${byte} of the list)`;
        return { invalid: { key: raw }, reason };
      }
      const lastModified = fields[modified];
      return declaredEntry(key, { size: fields[size], etag: fields[etag], lastModified }, byte);
    },
  });
}

function formDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
