import { isAscii } from 'node:buffer';

/** Charsets in which bytes below 0x80 are ASCII whatever stands before them. */
const LIKE_ASCII: ReadonlySet<string> = new Set(['utf-8', 'windows-1252']);

const SPACE = Uint8Array.of(0x20);

/**
 * Reads a page's bytes as text, chunk by chunk; undefined for its end. Most pages are nothing but
 * ASCII, which takes a tenth of a decoder's time. An unknown charset is read as UTF-8: links of index
 * pages are percent-encoded anyway.
 * @param charset what the answer's Content-Type names; undefined: UTF-8
 */
export function pageText(charset: string | undefined): (chunk: Uint8Array | undefined) => string {
  const decoder = decoderOf(charset);
  let isPlain = LIKE_ASCII.has(decoder.encoding);
  let isBegun = false;
  return (chunk) => {
    if (chunk === undefined) return decoder.decode();
    if (isPlain && !isAscii(chunk)) {
      // From the first other byte on the decoder sees all of them; a mark is none in the middle.
      isPlain = false;
      if (isBegun) decoder.decode(SPACE, { stream: true });
    }
    isBegun ||= chunk.length > 0;
    if (!isPlain) return decoder.decode(chunk, { stream: true });
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
  };
}

function decoderOf(charset: string | undefined): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset ?? 'utf-8');
  } catch {
    return new TextDecoder('utf-8');
  }
}
