import { checkedPart } from './checked-part.ts';
import { isAnswer } from './is-answer.ts';
import { nameFailure } from './name-failure.ts';
import { requestIdOf } from './request-id.ts';
import { encodeKey } from '../s3/encode-uri.ts';
import { originFailure, type RefusedSubject } from '../s3/explain-s3-error.ts';
import { withoutWords } from '../s3/metadata-text.ts';
import { S3Error } from '../s3/s3-error.ts';
import type { S3Request, S3Response, S3Store } from '../s3/s3-store.ts';
import { Failure, FatalError, type FailureCode } from '../model/failure.ts';
import { lendBody } from '../model/lend-body.ts';
import {
  type Origin,
  type OriginAnswer,
  type OriginHead,
  type OriginRequest,
  type ReadOn,
  readToResult,
} from '../model/origin.ts';
import type { Headers } from '../model/ports.ts';

export interface S3OriginSettings {
  /** As events show it: `s3://bucket/prefix/`. */
  readonly name: string;
  readonly store: S3Store;
  /** The whole key in the store of an origin key. */
  readonly locate: (originKey: string) => string;
}

/** The origin behind a bucket of an S3 store. Keys are exact: nothing is resolved or normalised. */
export function s3Origin({ name, store, locate }: S3OriginSettings): Origin {
  return {
    name,
    read: async (request, reader, signal) => {
      if (request.url !== undefined) throw foreignUrl(request, name);
      const key = locate(request.originKey);
      const { method = 'GET' } = request;
      const url = `${store.name}${encodeKey(key)}`;
      const ask = async (answered: typeof reader): ReturnType<typeof reader> => {
        const rest = await request.readOn?.(name);
        request.onRequest(name);
        try {
          return await store.send(
            objectRequest(key, request, rest),
            (response) => {
              refuseStatus(request, rest, response);
              const answer = answerOf(name, url, response);
              return answered(checkedPart(`${method} ${url}`, request, answer));
            },
            signal,
          );
        } catch (error) {
          if (!isRefusedPart(request, rest, error)) throw error;
          return answered(refusedPart(name, url, error));
        }
      };
      try {
        return await readToResult(ask, reader);
      } catch (error) {
        throw failureOf(error, { bucket: name, key: request.key, doing: 'read' });
      }
    },
    probe: async (signal) => {
      try {
        await checkLife(store, signal);
      } catch (error) {
        throw probeFailure(failureOf(error, { bucket: name, doing: 'be reached' }));
      }
    },
    close: () => store.close(),
  };
}

/**
 * Whether the bucket could give objects at all. A HEAD has no body, so a refusal of it is looked
 * into by a listing; who may not list may still be allowed to read, and a store that throttles or
 * fails is alive.
 * @throws S3Error where bucket or credentials are wrong; what the network throws.
 */
async function checkLife(store: S3Store, signal: AbortSignal): Promise<void> {
  const ask = async (call: () => Promise<void>, isLife: (error: S3Error) => boolean) => {
    try {
      await call();
      return true;
    } catch (error) {
      if (error instanceof S3Error && isLife(error)) return error.status >= 429;
      throw error;
    }
  };
  const refused = [400, 401, 403, 404];
  const isHeadFine = await ask(
    () => store.control.headBucket(signal),
    ({ status }) => status >= 429 || refused.includes(status),
  );
  if (isHeadFine) return;
  const query = [
    ['list-type', '2'],
    ['max-keys', '1'],
  ] as const;
  const list = { method: 'GET', key: undefined, query, headers: {}, body: undefined } as const;
  await ask(
    () => store.send(list, () => Promise.resolve(), signal),
    ({ status, code }) => status >= 429 || code === 'AccessDenied',
  );
}

const ABOUT_OBJECTS: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'ORIGIN_STATUS',
  'ORIGIN_NOT_FOUND',
  'ORIGIN_ARCHIVED',
]);

/** A bucket that answers and can give no object is as good as none. */
function probeFailure(error: unknown): unknown {
  if (!(error instanceof Failure) || !ABOUT_OBJECTS.has(error.code)) return error;
  const { message, origin, retryAfterMs, requestId } = error;
  return new Failure('ORIGIN_UNREACHABLE', message, {
    origin,
    retryAfterMs,
    requestId,
    cause: error,
  });
}

/** A success of the store that is no answer to what was asked for. @throws Failure `ORIGIN_STATUS`. */
function refuseStatus(
  request: OriginRequest,
  rest: ReadOn | undefined,
  { status, headers }: S3Response,
): void {
  if (isAnswer(request, rest, status)) return;
  const { method = 'GET', range } = request;
  const isWhole = rest === undefined && range === undefined;
  const asked = isWhole ? 'the whole object' : 'a part of an object';
  const why = `the store answered ${String(status)} to a ${method} of ${asked}, expected 200`;
  throw new Failure('ORIGIN_STATUS', why, { status, requestId: requestIdOf(headers) });
}

/**
 * How a store refuses a range that the object does not have, or the rest of a version that it no
 * longer has (GetObject: If-Match, Range): answers as well.
 */
function isRefusedPart(
  request: OriginRequest,
  rest: ReadOn | undefined,
  error: unknown,
): error is S3Error {
  return error instanceof S3Error && error.status >= 400 && isAnswer(request, rest, error.status);
}

/** Such a refusal as an answer; where nothing of it was kept there is nothing to be read. */
function refusedPart(origin: string, url: string, { status, answer }: S3Error): OriginAnswer {
  const { headers, body } = answer ?? { headers: {}, body: new Uint8Array(0) };
  return {
    head: { origin, url, status, headers, length: body.length, framing: 'length' },
    bytes: (limit) =>
      body.length <= limit
        ? Promise.resolve(body)
        : Promise.reject(
            new Failure(
              'LENGTH_MISMATCH',
              `GET ${url}: the body has ${body.length} bytes, expected at most ${limit}`,
            ),
          ),
    pipeTo: async (sink) => {
      if (body.length > 0) await sink(body);
      return body.length;
    },
  };
}

/**
 * What the port says of an error. Keys that can't be had for one address are no reason to end the
 * run: another address may serve.
 */
function failureOf(error: unknown, subject: RefusedSubject): unknown {
  const isKeyless = error instanceof FatalError && error.kind === 'origins-unusable';
  const failure = isKeyless
    ? new Failure('ORIGIN_UNREACHABLE', error.message, { cause: error })
    : originFailure(error, subject);
  return nameFailure(failure, subject.bucket);
}

function objectRequest(key: string, request: OriginRequest, rest: ReadOn | undefined): S3Request {
  const headers = { ...request.headers, ...conditions(request, rest) };
  const { method = 'GET', range, keepAnswer = [] } = request;
  // A range that the object does not have is told by the answer's own headers.
  const kept = range === undefined ? keepAnswer : [...keepAnswer, 416];
  return { method, key, query: [], headers, body: undefined, keepAnswer: kept };
}

function conditions({ unless, range }: OriginRequest, rest: ReadOn | undefined): Headers {
  if (rest !== undefined) return { range: `bytes=${rest.offset}-`, 'if-match': rest.etag };
  if (range !== undefined) return { range };
  return unless === undefined ? {} : { 'if-none-match': unless.etag };
}

function answerOf(origin: string, url: string, response: S3Response): OriginAnswer {
  const { status, headers, length, framing } = response;
  const head: OriginHead = {
    origin,
    url,
    status,
    headers: withoutWords(headers),
    length,
    md5: bodyMd5(headers),
    framing,
  };
  return {
    head,
    bytes: (limit) => response.bytes(limit),
    pipeTo: (sink) => response.pipeTo(sink),
    lendTo: (sink) => lendBody(response, sink),
  };
}

/**
 * The MD5 that an ETag is: 32 hex digits, not of a multipart upload, and not under a key of KMS or
 * of the customer (AWS S3 API Reference, "Object": ETag).
 */
function bodyMd5(headers: Headers): string | undefined {
  const [, hex] = /^"([0-9a-f]{32})"$/i.exec(headers['etag'] ?? '') ?? [];
  const encryption = headers['x-amz-server-side-encryption'] ?? 'AES256';
  const customerKey = headers['x-amz-server-side-encryption-customer-algorithm'];
  if (hex === undefined || encryption !== 'AES256' || customerKey !== undefined) return undefined;
  return Buffer.from(hex, 'hex').toString('base64');
}

/** A list's URL is asked over HTTP; an S3 origin has no business with it. */
function foreignUrl({ key }: OriginRequest, origin: string): Failure {
  return new Failure(
    'ORIGIN_UNREACHABLE',
    `${key}: the list gives a URL, and ${origin} is an S3 store`,
    {
      origin,
    },
  );
}
