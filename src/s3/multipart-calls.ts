import type { Clock } from '../model/ports.ts';
import { brokenAnswer } from './broken-answer.ts';
import { xmlReader } from './read-xml.ts';
import type { S3Lane } from './s3-lane.ts';
import type { S3Control, UploadedPart } from './s3-store.ts';
import { wholeAnswer } from './whole-answer.ts';

/** The calls that each multipart upload makes. */
export type MultipartCalls = Pick<S3Control, 'createUpload' | 'completeUpload' | 'abortUpload'>;

/**
 * Creates, completes and aborts multipart uploads (AWS S3 API Reference). They are seldom, but the
 * SDK takes a fifth of a second to load, and most runs have no other use for it.
 */
export function multipartCalls(
  lane: Pick<S3Lane, 'sendWhole' | 'mask'>,
  clock: Pick<Clock, 'now'>,
): MultipartCalls {
  return {
    createUpload: async (key, headers, signal) => {
      signal.throwIfAborted();
      const query = [['uploads', '']] as const;
      const request = { method: 'POST', key, query, headers, body: undefined } as const;
      const { body } = await wholeAnswer(lane, clock, request, signal);
      const id = childText(body, 'UploadId');
      if (id === undefined || id === '') throw brokenAnswer('it names no upload id');
      return id;
    },
    completeUpload: async (key, uploadId, parts, ifAbsent, signal) => {
      signal.throwIfAborted();
      const type = { 'content-type': 'application/xml' };
      const headers = ifAbsent ? { ...type, 'if-none-match': '*' } : type;
      const query = [['uploadId', uploadId]] as const;
      const sent = { method: 'POST', key, query, headers, body: listOf(parts) } as const;
      const { body } = await wholeAnswer(lane, clock, sent, signal);
      const etag = body.length === 0 ? undefined : childText(body, 'ETag');
      return etag === undefined || /^"?"?$/.test(etag) ? undefined : etag;
    },
    abortUpload: async (key, uploadId, signal) => {
      signal.throwIfAborted();
      const query = [['uploadId', uploadId]] as const;
      const request = { method: 'DELETE', key, query, headers: {}, body: undefined } as const;
      await wholeAnswer(lane, clock, request, signal);
    },
  };
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

function listOf(parts: readonly UploadedPart[]): Buffer {
  const list = parts.map(
    ({ number, etag }) =>
      `<Part><ETag>${escaped(etag)}</ETag><PartNumber>${number}</PartNumber></Part>`,
  );
  const name = 'CompleteMultipartUpload';
  const text = `<${name} xmlns="${NAMESPACE}">${list.join('')}</${name}>`;
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${text}`);
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/**
 * The text of a child of the document's root; undefined where it has none of that name.
 * @throws S3Error `InvalidAnswer` where it is no whole document.
 */
function childText(body: Uint8Array, name: string): string | undefined {
  let found: string | undefined;
  const reader = xmlReader({
    onClose: (path, text) => {
      const [, child, ...deeper] = path.split('/');
      if (child === name && deeper.length === 0) found ??= text.trim();
    },
  });
  reader.write(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
  if (reader.end() === undefined) throw brokenAnswer('it is no whole XML document');
  return found;
}
