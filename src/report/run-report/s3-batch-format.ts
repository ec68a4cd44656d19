import type { StoredResult } from '../../model/checkpoint.ts';
import type { LineFormat, LineSubject } from './line-format.ts';
import { outcomeFields } from './outcome-fields.ts';
import { separated } from './separated.ts';

/** What succeeded has no status in the state: the bucket answered 200, or nobody had to ask it. */
const SUCCESS = '200';

/**
 * The layout of an S3 Batch Operations completion report, as its examples have it: bucket, key,
 * version, task status, HTTP status, error code, result message; no line of names, lines end in
 * CR LF. (The manifest of such a report calls the fifth and sixth the other way round than its
 * lines have them.) Keys are percent-encoded, their slashes are not; versions are unknown.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html
 */
export function s3BatchFormat({ bucket, prefix }: LineSubject): LineFormat {
  return {
    head: '',
    line(result) {
      const { outcome, reason, status, code, message } = outcomeFields(result);
      const key = percentEncoded(prefix) + encodedKey(result);
      const cells =
        outcome === 'failed'
          ? ['failed', status === undefined ? '' : String(status), code ?? '', message ?? '']
          : ['succeeded', SUCCESS, '', reason === undefined ? outcome : `${outcome}: ${reason}`];
      return `${separated([bucket.name, key, '', ...cells], ',')}\r\n`;
    },
  };
}

function encodedKey(result: StoredResult): string {
  if ('key' in result) return percentEncoded(result.key);
  const bytes = Buffer.from(result.keyBase64, 'base64');
  return Array.from(bytes, (byte) =>
    byte < FIRST_BEYOND_ASCII ? percentEncoded(String.fromCharCode(byte)) : escaped(byte),
  ).join('');
}

const FIRST_BEYOND_ASCII = 0x80;

/** RFC 3986: unreserved characters, and slashes, stand for themselves. */
function percentEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll('%2F', '/')
    .replaceAll(/[!'()*]/g, (character) => escaped(character.charCodeAt(0)));
}

function escaped(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}
