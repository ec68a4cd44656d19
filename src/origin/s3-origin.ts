import { nameFailure } from './name-failure.ts';
import { originFailure } from '../s3/explain-s3-error.ts';
import type { S3Request, S3Response, S3Store } from '../s3/s3-store.ts';
import { Failure } from '../model/failure.ts';
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
      request.onRequest(name);
      try {
        const ask = (answered: typeof reader): ReturnType<typeof reader> =>
          store.send(
            getObject(key, request),
            (response) => answered(answerOf(name, store.name, key, response)),
            signal,
          );
        return await readToResult(ask, reader);
      } catch (error) {
        throw nameFailure(
          originFailure(error, { bucket: name, key: request.key, doing: 'read' }),
          name,
        );
      }
    },
    probe: async (signal) => {
      try {
        await store.control.headBucket(signal);
      } catch (error) {
        throw nameFailure(originFailure(error, { bucket: name, doing: 'be reached' }), name);
      }
    },
    close: () => store.close(),
  };
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
