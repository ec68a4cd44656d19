import type { LastingOptions, UploadMark } from '../model/bucket.ts';
import type { ObjectKey } from '../model/object-key.ts';
import { S3Error } from '../s3/s3-error.ts';
import type { UploadedPart } from '../s3/s3-store.ts';
import { quotedEtag } from './s3-etag.ts';
import type { SentPart } from './s3-parts.ts';
import { asBucketFailure, keyInStore } from './s3-tools.ts';
import type { S3Tools } from './s3-tools.ts';
import { etagsProof, readToken, type UploadToken } from './s3-upload-token.ts';

/** What makes an upload last: where it is marked, and what an earlier run left of it. */
export interface LastingS3Upload {
  readonly onMark: LastingOptions['onMark'];
  /** Bytes of every part but the last. */
  readonly partBytes: number;
  /** Bytes of the object. */
  readonly length: number;
  readonly resumed: ResumedUpload | undefined;
}

/** An upload of an earlier run, as far as it can be gone on with. */
export interface ResumedUpload {
  readonly uploadId: string;
  /** From the first part, without a gap; at least one. */
  readonly parts: readonly SentPart[];
}

const CANT_RESUME: readonly number[] = [403, 404, 405, 501];

/**
 * Looks what the store still has of an upload that was marked.
 * @param partBytes how large its parts have to be to be gone on with
 * @returns undefined where the upload is gone, or its parts are others than those that were marked:
 * somebody else may have sent them. Throws as the bucket.
 */
export async function s3Resume(
  tools: S3Tools,
  key: ObjectKey,
  { token }: UploadMark,
  partBytes: number,
  signal: AbortSignal,
): Promise<ResumedUpload | undefined> {
  const marked = readToken(token);
  if (marked === undefined || marked.partBytes !== partBytes || marked.parts === 0) {
    return undefined;
  }
  const { uploadId } = marked;
  let listed: readonly UploadedPart[];
  try {
    listed = await tools.store.control.listParts(keyInStore(tools, key), uploadId, signal);
  } catch (error) {
    // Gone, or not to be looked into with these keys, or in this store: the object begins anew.
    if (error instanceof S3Error && CANT_RESUME.includes(error.status)) return undefined;
    throw asBucketFailure(error, tools, key, 'list the parts of', signal);
  }
  // Stores exist whose lists leave the quotes out.
  const parts = listed
    .slice(0, marked.parts)
    .map((part) => ({ ...part, etag: quotedEtag(part.etag) ?? part.etag }));
  if (!areMarked(parts, marked)) return undefined;
  return { uploadId, parts: parts.map((part) => asSent(part, partBytes)) };
}

function areMarked(parts: readonly UploadedPart[], marked: UploadToken): boolean {
  if (parts.length !== marked.parts) return false;
  if (parts.some(({ number }, index) => number !== index + 1)) return false;
  return etagsProof(parts.map(({ etag }) => etag)) === marked.proof;
}

/** Where ETags are no MD5s (SSE-KMS) they say nothing, now as when the part was sent. */
function asSent({ number, etag }: UploadedPart, sizeBytes: number): SentPart {
  const [, hex] = /^"([0-9a-f]{32})"$/i.exec(etag) ?? [];
  const md5 = Buffer.from(hex ?? '', 'hex');
  return { number, etag, sizeBytes, md5, verified: hex !== undefined };
}
