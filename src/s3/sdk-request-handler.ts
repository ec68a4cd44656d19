import type { Clock, Headers } from '../model/ports.ts';
import type { S3Lane } from './s3-lane.ts';
import type { S3Request } from './s3-store.ts';
import { wholeAnswer } from './whole-answer.ts';

/** Fields that belong to the SDK's own connection, signature or statistics. */
const SDK_FIELDS = /^(amz-sdk-.*|x-amz-user-agent|user-agent|host|content-length|expect)$/;

/** A request as the SDK hands it to its handler. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface SdkAnswer {
  readonly response: {
    readonly statusCode: number;
    readonly headers: Record<string, string>;
    readonly body: Uint8Array;
  };
}

/** What the SDK wants of a request handler. */
export interface SdkRequestHandler {
  handle(request: SdkRequest, options?: { readonly abortSignal?: unknown }): Promise<SdkAnswer>;
  destroy(): void;
}

/**
 * Lets the SDK's requests go through our own lane, so that they are signed, sent, counted, repeated
 * and corrected as all others are. The SDK has to address the bucket in path style; of its request
 * the method, key, query, headers and body are taken, the host and the signature are the lane's.
 * An error in the body of an answer with status 200 is an error like any other. Every call needs
 * an `abortSignal`.
 */
export function sdkRequestHandler(
  lane: Pick<S3Lane, 'sendWhole' | 'mask'>,
  clock: Pick<Clock, 'now'>,
): SdkRequestHandler {
  return {
    handle: async (request, options) => {
      const signal = options?.abortSignal;
      if (!(signal instanceof AbortSignal)) throw new Error('the SDK was called without a signal');
      const { status, headers, body } = await wholeAnswer(lane, clock, ownRequest(request), signal);
      return { response: { statusCode: status, headers: { ...headers }, body } };
    },
    destroy: () => undefined,
  };
}

function ownRequest(request: SdkRequest): S3Request {
  return {
    method: knownMethod(request.method),
    key: keyIn(request.path),
    query: Object.entries(request.query ?? {}).flatMap(([name, value]) =>
      [value].flat().map((one) => [name, one ?? ''] as const),
    ),
    headers: ownHeaders(request.headers),
    body: bodyBytes(request.body),
  };
}

function knownMethod(method: string): S3Request['method'] {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'PUT':
    case 'POST':
    case 'DELETE':
      return method;
    default:
      throw new Error(`the SDK sent the method ${method}`);
  }
}

/** `/bucket/key`, the key percent-encoded; `/bucket` or `/bucket/` is about the bucket itself. */
function keyIn(path: string): string | undefined {
  const slash = path.indexOf('/', 1);
  const encoded = slash === -1 ? '' : path.slice(slash + 1);
  return encoded === '' ? undefined : decodeURIComponent(encoded);
}

function ownHeaders(headers: Readonly<Record<string, string>>): Headers {
  const lowered = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return Object.fromEntries(lowered.filter(([name = '']) => !SDK_FIELDS.test(name))) as Headers;
}

function bodyBytes(body: unknown): Uint8Array | undefined {
  if (body === undefined || body === null || body === '') return undefined;
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (body instanceof Uint8Array) return body;
  throw new Error('the SDK sent a body that is no buffer');
}
