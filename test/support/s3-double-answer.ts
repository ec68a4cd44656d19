import type { S3DoubleSwitches, DoubleBucket } from './s3-double-state.ts';
import { xmlDocument, type XmlContent } from './s3-double-xml.ts';
import type { DoubleRequest } from './s3-double-request.ts';

/** What goes back; the server adds request id, date and length. */
export interface DoubleAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A request that was let in, with what it is about. */
export interface Call {
  readonly request: DoubleRequest;
  readonly bucket: DoubleBucket;
  /** '' for a request about the bucket. */
  readonly key: string;
  readonly body: Buffer;
  readonly switches: Readonly<S3DoubleSwitches>;
  readonly nowMs: number;
  readonly mayList: boolean;
  /** Another text at each call. */
  readonly unique: () => string;
}

/** An answer without a body. */
export function emptyAnswer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
): DoubleAnswer {
  return { status, headers, body: Buffer.alloc(0) };
}

/** A 200 with a document. */
export function xmlAnswer(
  root: string,
  content: XmlContent,
  headers: Readonly<Record<string, string>> = {},
): DoubleAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml', ...headers },
    body: Buffer.from(xmlDocument(root, content)),
  };
}
