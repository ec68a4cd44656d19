import { largeDigests } from '../s3/large-digests.ts';

/** What a store is told of bytes that it gets. */
export interface UploadDigests {
  readonly md5: Buffer;
  /** Hex; where the signature wants it. */
  readonly sha256: string | undefined;
}

const ONLY_MD5 = ['md5'] as const;
const MD5_AND_SHA256 = ['md5', 'sha256'] as const;

/** Both at one go, so that bytes that may be many are read once. */
export async function uploadDigests(bytes: Uint8Array, isSigned: boolean): Promise<UploadDigests> {
  const [md5, sha256] = await largeDigests(isSigned ? MD5_AND_SHA256 : ONLY_MD5, bytes);
  if (md5 === undefined) throw new Error('a digest is missing');
  return { md5, sha256: sha256?.toString('hex') };
}
