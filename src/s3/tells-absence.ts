import type { Headers } from '../model/ports.ts';

/** As S3 and every store that was looked at write it; what is written otherwise is parsed. */
const NO_SUCH_KEY = Buffer.from('<Code>NoSuchKey</Code>');

/** Where stores tell the code of an answer that has no body. */
const CODE_FIELDS = ['x-amz-error-code', 'x-minio-error-code'];

/**
 * Whether a refusal says beyond doubt that there is no such object: a 404 with that code, or the
 * answer to a HEAD that tells no other. False says nothing: its error has to be parsed.
 */
export function tellsAbsence(
  method: string,
  { status, headers }: { readonly status: number; readonly headers: Headers },
  body: Uint8Array,
): boolean {
  if (status !== 404) return false;
  if (body.length > 0) {
    return Buffer.from(body.buffer, body.byteOffset, body.length).includes(NO_SUCH_KEY);
  }
  return method === 'HEAD' && CODE_FIELDS.every((name) => headers[name] === undefined);
}
