import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';

import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';

/** Where a store is, and keys that may do everything there. */
export interface StoreUnderTest {
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A request, and how it differs from one that is signed as it should be. */
export interface RawRequest {
  readonly method: string;
  /** Undefined for the bucket itself. */
  readonly key?: string;
  /** Another bucket than the one that the checks share. */
  readonly bucket?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly unsigned?: boolean;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly region?: string;
  /** Signed so long ago. */
  readonly signedAgoMs?: number;
  /** x-amz-content-sha256 instead of the true one. */
  readonly payloadHash?: string;
  /** Headers that are sent though they were not signed. */
  readonly unsignedHeaders?: Readonly<Record<string, string>>;
  /** Sent instead of the key that was signed. */
  readonly sentKey?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly text: string;
  /** `200`, or `404 NoSuchKey`. */
  readonly verdict: string;
}

/** Asks one store, by code that the program does not share. */
export interface ConformanceClient {
  /** The bucket that all checks share; each has keys of its own. */
  readonly bucket: string;
  ask(request: RawRequest): Promise<RawAnswer>;
  close(): void;
}

/** Escapes all but unreserved characters, as SigV4 wants it. */
function escape(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const pathOf = (bucket: string, key: string | undefined): string =>
  key === undefined ? `/${bucket}` : `/${bucket}/${escape(key).replaceAll('%2F', '/')}`;

/** A client of path style over plain HTTP. */
export function conformanceClient(store: StoreUnderTest, bucket: string): ConformanceClient {
  // Some servers send a body in answer to HEAD: each request has a connection of its own.
  const agent = new Agent({ keepAlive: false });
  return {
    bucket,
    close: () => {
      agent.destroy();
    },
    ask: async (request) => {
      const body = Buffer.from(request.body ?? '');
      const name = request.bucket ?? bucket;
      const headers = await signedHeaders(store, request, name, body);
      const query = Object.entries(request.query ?? {})
        .map(([parameter, value]) => `${escape(parameter)}=${escape(value)}`)
        .join('&');
      const path = pathOf(name, request.sentKey ?? request.key);
      const sent = httpRequest(store.endpoint, {
        agent,
        method: request.method,
        path: query === '' ? path : `${path}?${query}`,
        headers: asBytes({ ...headers, ...request.unsignedHeaders }),
      });
      sent.on('error', () => undefined);
      sent.end(body);
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      return readAnswer(answer);
    },
  };
}

/** Headers whose text goes out as UTF-8: node:http writes a byte a character. */
function asBytes(headers: Readonly<Record<string, string>>): Record<string, string> {
  const encoded: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    encoded[name] = Buffer.from(value, 'utf8').toString('latin1');
  }
  return encoded;
}

async function signedHeaders(
  store: StoreUnderTest,
  request: RawRequest,
  bucket: string,
  body: Buffer,
): Promise<Record<string, string>> {
  const url = new URL(store.endpoint);
  const chunked = request.headers?.['transfer-encoding'] !== undefined;
  const headers: Record<string, string> = {
    host: url.host,
    ...(!chunked && (body.length > 0 || /^P/.test(request.method))
      ? { 'content-length': String(body.length) }
      : {}),
    ...request.headers,
  };
  if (request.unsigned === true) return headers;
  headers['x-amz-content-sha256'] =
    request.payloadHash ?? createHash('sha256').update(body).digest('hex');
  const signer = new SignatureV4({
    service: 's3',
    region: request.region ?? store.region,
    credentials: {
      accessKeyId: request.accessKeyId ?? store.accessKeyId,
      secretAccessKey: request.secretAccessKey ?? store.secretAccessKey,
    },
    sha256: Sha256,
    uriEscapePath: false,
  });
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: pathOf(bucket, request.key),
      query: { ...request.query },
      headers,
    },
    { signingDate: new Date(Date.now() - (request.signedAgoMs ?? 0)) },
  );
  return signed.headers;
}

async function readAnswer(answer: IncomingMessage): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const text = body.toString('utf8');
  const status = answer.statusCode ?? 0;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = [value].flat().join(', ');
  }
  const code = status < 300 ? undefined : /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
  const verdict = code === undefined ? String(status) : `${String(status)} ${code}`;
  return { status, headers, body, text, verdict };
}
