import { createHash } from 'node:crypto';

/** What a later run needs to find an upload again, and to know the parts for its own. */
export interface UploadToken {
  readonly uploadId: string;
  /** Bytes of every part but the last. */
  readonly partBytes: number;
  /** How many parts, from the first, the store has. */
  readonly parts: number;
  /** Of their ETags, see {@link etagsProof}. */
  readonly proof: string;
}

/** SHA-256, hex, over ETags as the store gave them, in order: it takes no room however many there are. */
export function etagsProof(etags: readonly string[]): string {
  const hash = createHash('sha256');
  for (const etag of etags) hash.update(`${etag}\n`);
  return hash.digest('hex');
}

export function tokenText({ uploadId, partBytes, parts, proof }: UploadToken): string {
  return JSON.stringify([uploadId, partBytes, parts, proof]);
}

/** What `tokenText` made; undefined for anything else. */
export function readToken(text: string): UploadToken | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(fields)) return undefined;
  const [uploadId, partBytes, parts, proof] = fields as readonly unknown[];
  if (typeof uploadId !== 'string' || typeof proof !== 'string') return undefined;
  if (!isCount(partBytes) || !isCount(parts) || partBytes === 0) return undefined;
  return { uploadId, partBytes, parts, proof };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
