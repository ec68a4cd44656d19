import { nameFailure } from './name-failure.ts';
import { originFailure, type RefusedSubject } from '../s3/explain-s3-error.ts';
import { S3Error } from '../s3/s3-error.ts';
import type { S3Request, S3Response, S3Store } from '../s3/s3-store.ts';
import { Failure, FatalError } from '../model/failure.ts';
import {
  type Origin,
  type OriginAnswer,
  type OriginHead,
  type OriginRequest,
  readToResult,
  type Unless,
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
      const ask = (answered: typeof reader): ReturnType<typeof reader> => {
        request.onRequest(name);
        return store.send(
          getObject(key, request),
          (response) => {
            refuseStatus(request, response);
            return answered(answerOf(name, store.name, key, response));
          },
          signal,
        );
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
        throw failureOf(error, { bucket: name, doing: 'be reached' });
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
  const refused = [400, 401, 403];
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

/** Only 200 is an object, and 304 where it was asked for. */
function refuseStatus({ unless }: OriginRequest, { status }: S3Response): void {
  if (status === 200 || (status === 304 && unless !== undefined)) return;
  const why = `the store answered ${String(status)} to a GET of the whole object, expected 200`;
  throw new Failure('ORIGIN_STATUS', why, { status });
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

function getObject(key: string, request: OriginRequest): S3Request {
  const headers = { ...request.headers, ...conditions(request.unless) };
  return { method: 'GET', key, query: [], headers, body: undefined };
}

function conditions(unless: Unless | undefined): Headers {
  return unless === undefined ? {} : { 'if-none-match': unless.etag };
}

function answerOf(origin: string, store: string, key: string, response: S3Response): OriginAnswer {
  const { status, headers, length, framing } = response;
  const head: OriginHead = {
    origin,
    url: `${store}${key}`,
    status,
    headers,
    length,
    md5: bodyMd5(headers),
    framing,
  };
  return {
    head,
    bytes: (limit) => response.bytes(limit),
    pipeTo: (sink) => response.pipeTo(sink),
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
