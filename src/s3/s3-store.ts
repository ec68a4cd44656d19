import type { HttpResponse } from '../http/http-client.ts';
import type { Headers } from '../model/ports.ts';

/** Access keys as they are signed with; `sessionToken` where they are temporary. */
export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** Gives the keys that are valid now; called for each request, so it keeps them itself. */
export type KeySource = (signal: AbortSignal) => AccessKeys | Promise<AccessKeys>;

/** One request to a store, before it is signed. Its body is a buffer, so it can be sent again. */
export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** The whole key, prefix included; undefined for a request about the bucket itself. */
  readonly key: string | undefined;
  /** Names and values as they are, not encoded. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Lower-case names; whatever is here is signed. */
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
  /** Of the body, hex, from who has it already. */
  readonly bodySha256?: string | undefined;
  /** So many requests at most, where the store's retry policy would allow more. */
  readonly attempts?: number | undefined;
  /**
   * That there is no such object is an answer for the reader, status 404, whose body is read; else
   * it is an S3Error like any other refusal, which takes many times as long.
   */
  readonly mayBeAbsent?: boolean | undefined;
  /** Statuses whose answer an S3Error brings along. */
  readonly keepAnswer?: readonly number[] | undefined;
}

/** An answer with status 2xx, or 304; its body is raw. */
export interface S3Response extends HttpResponse {
  /** Requests that it took, the successful one included: more than one may have left traces. */
  readonly attempts: number;
}

/** A finished part of a multipart upload. */
export interface UploadedPart {
  /** From 1. */
  readonly number: number;
  /** With its quotes, as the store gave it. */
  readonly etag: string;
}

/** What seldom happens, by the SDK. Every call throws as {@link S3Store.send}. */
export interface S3Control {
  /** @returns the upload's id. `headers` are those of a PutObject, lower-case. */
  createUpload(key: string, headers: Headers, signal: AbortSignal): Promise<string>;
  /**
   * @param ifAbsent with If-None-Match: *
   * @returns the object's ETag; undefined where the store's answer has none.
   */
  completeUpload(
    key: string,
    uploadId: string,
    parts: readonly UploadedPart[],
    ifAbsent: boolean,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  abortUpload(key: string, uploadId: string, signal: AbortSignal): Promise<void>;
  /** Parts that the store holds of an upload, by number. */
  listParts(key: string, uploadId: string, signal: AbortSignal): Promise<readonly UploadedPart[]>;
  headBucket(signal: AbortSignal): Promise<void>;
}

/**
 * One bucket of one S3-compatible store. The hot calls (objects, parts, listings) go by `send`:
 * signed by our own signer and sent over our own connections; the seldom ones go by `control`.
 */
export interface S3Store {
  /** `s3://bucket/`, for messages. */
  readonly name: string;
  /** Signatures hold the SHA-256 of bodies; over https TLS protects them. */
  readonly signsBodies: boolean;
  /**
   * Signs and sends a request and gives the answer to `reader` as `HttpClient.exchange` does.
   * Connection failures, throttles and 5xx are asked again as the store's retry policy says, with
   * a new signature each time; a clock that differs from the store's and a bucket in another
   * region are corrected once and remembered.
   * @throws S3Error for every other answer than 2xx and 304; Failure `ORIGIN_UNREACHABLE`,
   * `ORIGIN_TIMEOUT`, `LENGTH_MISMATCH`, `ADDRESS_REFUSED` from the network; the signal's reason.
   */
  send<T>(
    request: S3Request,
    reader: (response: S3Response) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  readonly control: S3Control;
  /** How many requests went out, of both lanes. */
  requests(): number;
  close(): Promise<void>;
}
