import { createHash } from 'node:crypto';
import type { IHasher } from 'hash-wasm';
import type { DigestAlgorithm } from '../plan/declared-digests.ts';

/** A digest of bytes as they come. */
export interface RunningDigest {
  update(chunk: Uint8Array): void;
  /** Base64; the digest takes no more bytes after it. */
  end(): string;
  /** What {@link lastingDigest} goes on from, base64; undefined where it can't be saved. */
  state(): string | undefined;
}

/** A digest that lives as long as the process. */
export function nodeDigest(algorithm: DigestAlgorithm): RunningDigest {
  const hash = createHash(algorithm);
  return {
    update: (chunk) => {
      hash.update(chunk);
    },
    end: () => hash.digest('base64'),
    state: () => undefined,
  };
}

/** The hashers are loaded by who needs them: small objects, which are most, never do. */
async function createHasher(algorithm: DigestAlgorithm): Promise<IHasher> {
  const { createMD5, createSHA1, createSHA256, createSHA512 } = await import('hash-wasm');
  const create = { md5: createMD5, sha1: createSHA1, sha256: createSHA256, sha512: createSHA512 };
  return create[algorithm]();
}

/**
 * A digest whose state outlives the process: Node's own can't be saved. It takes two to six times
 * as long.
 * @param saved what `state` of such a digest gave
 */
export async function lastingDigest(
  algorithm: DigestAlgorithm,
  saved: string | undefined,
): Promise<RunningDigest> {
  const hasher = await createHasher(algorithm);
  if (saved === undefined) hasher.init();
  else hasher.load(Buffer.from(saved, 'base64'));
  return {
    update: (chunk) => {
      hasher.update(chunk);
    },
    end: () => Buffer.from(hasher.digest('binary')).toString('base64'),
    state: () => Buffer.from(hasher.save()).toString('base64'),
  };
}
