import { keyProblem, objectKey, type ObjectKey } from '../model/object-key.ts';

/** What a Qiniu EncodedEntryURI names. */
export interface EntryUri {
  readonly bucket: string;
  readonly key: ObjectKey;
}

/**
 * Reads an EncodedEntryURI: URL-safe base64 of `<bucket>:<key>` (Qiniu, "Data format"), with its
 * padding or without.
 * @returns undefined for anything else, and for one without a key
 */
export function parseEntryUri(text: string): EntryUri | undefined {
  const entry = decoded(text);
  const colon = entry?.indexOf(':') ?? -1;
  if (entry === undefined || colon < 1) return undefined;
  const key = entry.slice(colon + 1);
  if (keyProblem(key) !== undefined) return undefined;
  return { bucket: entry.slice(0, colon), key: objectKey(key) };
}

function decoded(text: string): string | undefined {
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(text)) return undefined;
  try {
    const bytes = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)),
    );
  } catch {
    return undefined;
  }
}
