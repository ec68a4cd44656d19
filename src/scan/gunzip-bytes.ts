import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { FatalError } from '../model/failure.ts';

/** Bytes unpacked at once. */
const CHUNK_BYTES = 64 * 1024;

/** The two bytes that every gzip member begins with (RFC 1952, 2.3.1). */
export function isGzip(firstBytes: Uint8Array): boolean {
  return firstBytes[0] === 0x1f && firstBytes[1] === 0x8b;
}

function isZlibError(error: unknown): error is Error & { code: string } {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return typeof error.code === 'string' && error.code.startsWith('Z_');
}

/**
 * Decompresses gzip of one or several members.
 * @param name of the list, for messages.
 * @throws FatalError `usage` where the data is cut or damaged; what `chunks` throws comes through.
 */
export async function* gunzipBytes(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks, { objectMode: false });
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // The error reaches the loop below, since pipeline destroys gunzip with it.
  pipeline(source, gunzip, () => undefined);
  try {
    for await (const chunk of gunzip) {
      if (chunk instanceof Uint8Array) yield chunk;
    }
  } catch (error) {
    if (!isZlibError(error)) throw error;
    const what = error.code === 'Z_BUF_ERROR' ? 'is cut short' : `is damaged (${error.message})`;
    throw new FatalError('usage', `${name}: the gzip data ${what}; fetch the list again`, error);
  } finally {
    gunzip.destroy();
  }
}
