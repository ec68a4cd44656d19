import type { DialIdentity } from '../http/dial.ts';
import type { HttpClient, HttpResponse } from '../http/http-client.ts';
import { asError } from '../http/network-failure.ts';
import { Failure, MAX_KEPT_BYTES, type RefusedAnswer } from '../model/failure.ts';
import type { Clock, Headers } from '../model/ports.ts';
import { bodyDigest } from './body-digest.ts';
import { CountedResponse } from './counted-response.ts';
import { maskedFailure, SecretMask, type Mask } from './mask-secrets.ts';
import { maskedAnswer } from './masked-answer.ts';
import { mayPass } from './may-pass.ts';
import { MAX_ERROR_BYTES, parseS3Error } from './parse-s3-error.ts';
import { planCorrection, type Correction } from './plan-correction.ts';
import { requestUrls, type LocateRequest, type RequestUrl } from './request-url.ts';
import { S3Error } from './s3-error.ts';
import type { AccessKeys, KeySource, S3Request, S3Response } from './s3-store.ts';
import { EMPTY_PAYLOAD, UNSIGNED_PAYLOAD, v4Signer } from './sign-v4.ts';
import { tellsAbsence } from './tells-absence.ts';

/** How often a request is sent, and how long to stay away in between. */
export interface S3RetryPolicy {
  /** Requests for one call, the first included; corrections of region and clock don't count. */
  readonly attempts: number;
  /**
   * Milliseconds before the next request.
   * @param failures requests that failed so far, from 1.
   */
  readonly delayMs: (failures: number, retryAfterMs: number | undefined) => number;
}

/** One bucket of one store, and how to talk to it. */
export interface S3LaneSettings {
  /** `https://host[:port][/base]`; undefined for AWS. */
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly bucket: string;
  readonly pathStyle: boolean;
  /** Undefined: requests are not signed. */
  readonly keys: KeySource | undefined;
  readonly requesterPays: boolean;
  /** Stays its owner's: whoever made it closes it. */
  readonly http: HttpClient;
  readonly identity: DialIdentity;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly retry: S3RetryPolicy;
}

type Reader<T> = (response: S3Response) => Promise<T>;

/** One call, and what happened in it so far. */
interface Course<T> {
  readonly request: S3Request;
  readonly reader: Reader<T>;
  readonly signal: AbortSignal;
  readonly repeatsReader: boolean;
  readonly payloadHash: string | Promise<string>;
  attempts: number;
  failures: number;
  /** Whether the reader was called for the request that was sent last. */
  isAnswered: boolean;
  corrected: readonly Correction['kind'][];
  /** A clock offset that only this call believes in so far. */
  suspectedOffsetMs: number | undefined;
  /** What the request that was sent last was made with. */
  region: string;
  clockOffsetMs: number;
}

const NOTHING_CORRECTED: readonly Correction['kind'][] = [];
const NO_BYTES = new Uint8Array(0);

/**
 * Signs and sends the requests of one bucket, and knows what the store taught it: the bucket's
 * region, and how far the store's clock is from ours.
 *
 * One call is a row of requests. Each ends in an answer for the reader (2xx or 304), or in an
 * error. A wrong region or clock is corrected, each at most once a call, and the request repeated
 * at once; what may pass is repeated after the policy's delay; everything else is thrown. Once the
 * reader has an answer nothing is repeated, unless the reader is the lane's own (`sendWhole`).
 */
export class S3Lane {
  readonly #settings: S3LaneSettings;
  readonly #sign = v4Signer();
  readonly #secrets = new SecretMask();
  #region: string;
  #locate: LocateRequest;
  readonly #isHttps: boolean;
  #clockOffsetMs = 0;
  #requests = 0;

  constructor(settings: S3LaneSettings) {
    this.#settings = settings;
    this.#region = settings.region;
    this.#locate = requestUrls(settings);
    this.#isHttps = this.#locate(undefined, []).target.scheme === 'https';
  }

  /** Requests that went out. */
  requests(): number {
    return this.#requests;
  }

  /** See `S3Store.signsBodies`. */
  get signsBodies(): boolean {
    return !this.#isHttps;
  }

  /** Takes the keys that requests were signed with, and signatures, out of a text. */
  readonly mask: Mask = (text) => this.#secrets.mask(text);

  /** See `S3Store.send`. */
  send<T>(request: S3Request, reader: Reader<T>, signal: AbortSignal): Promise<T> {
    return this.#run(request, reader, signal, false);
  }

  /** As `send`, but what `reader` throws is judged as if the store had answered it. */
  sendWhole<T>(request: S3Request, reader: Reader<T>, signal: AbortSignal): Promise<T> {
    return this.#run(request, reader, signal, true);
  }

  #run<T>(
    request: S3Request,
    reader: Reader<T>,
    signal: AbortSignal,
    repeatsReader: boolean,
  ): Promise<T> {
    const course: Course<T> = {
      request,
      reader,
      signal,
      repeatsReader,
      payloadHash: this.#payloadHash(request),
      attempts: 0,
      failures: 0,
      isAnswered: false,
      corrected: NOTHING_CORRECTED,
      suspectedOffsetMs: undefined,
      region: this.#region,
      clockOffsetMs: this.#clockOffsetMs,
    };
    return this.#try(course).catch((error: unknown) => this.#again(course, error));
  }

  /** Goes on behind a request that failed. */
  async #again<T>(course: Course<T>, thrown: unknown): Promise<T> {
    for (let error = thrown; ;) {
      if (course.isAnswered && !course.repeatsReader) throw error;
      course.signal.throwIfAborted();
      await this.#recover(maskedFailure(error, this.mask), course);
      course.isAnswered = false;
      course.region = this.#region;
      course.clockOffsetMs = course.suspectedOffsetMs ?? this.#clockOffsetMs;
      try {
        return await this.#try(course);
      } catch (again) {
        error = again;
      }
    }
  }

  /** Sends one request; mostly all that it takes is there, and nothing is waited for. */
  #try<T>(course: Course<T>): Promise<T> {
    const { payloadHash } = course;
    return typeof payloadHash === 'string'
      ? this.#tryWith(course, payloadHash)
      : payloadHash.then((hash) => this.#tryWith(course, hash));
  }

  #tryWith<T>(course: Course<T>, hash: string): Promise<T> {
    try {
      const held = this.#settings.keys?.(course.signal);
      return held instanceof Promise
        ? held.then((keys) => this.#attempt(course, keys, hash))
        : this.#attempt(course, held, hash);
    } catch (error) {
      return Promise.reject(asError(error));
    }
  }

  /** @param keys undefined: the request is not signed. */
  #attempt<T>(course: Course<T>, keys: AccessKeys | undefined, hash: string): Promise<T> {
    const { http, identity } = this.#settings;
    const { request, signal } = course;
    const { method, body } = request;
    const url = this.#locate(request.key, request.query);
    const own = this.#ownHeaders(request.headers);
    const headers = keys === undefined ? own : this.#signed(course, url, own, keys, hash);
    course.attempts += 1;
    this.#requests += 1;
    return http.exchange(
      { method, target: url.target, headers, body, identity, keepAfterHead: true },
      (response) =>
        isAnswer(response.status)
          ? this.#answered(course, response)
          : this.#refused(course, response),
      signal,
    );
  }

  #signed(
    { request, region, clockOffsetMs }: Course<unknown>,
    { target, path, query }: RequestUrl,
    headers: Headers,
    keys: AccessKeys,
    payloadHash: string,
  ): Headers {
    this.#secrets.learn(keys);
    const nowMs = this.#settings.clock.now() + clockOffsetMs;
    const { method } = request;
    const host = target.authority;
    return this.#sign({ method, path, query, host, headers, payloadHash }, { keys, region, nowMs });
  }

  #answered<T>(course: Course<T>, response: HttpResponse): Promise<T> {
    course.isAnswered = true;
    this.#clockOffsetMs = course.suspectedOffsetMs ?? this.#clockOffsetMs;
    return course.reader(new CountedResponse(response, course.attempts));
  }

  async #refused<T>(course: Course<T>, response: HttpResponse): Promise<T> {
    const { method, mayBeAbsent, keepAnswer } = course.request;
    const { status, headers } = response;
    const isKept = keepAnswer?.includes(status) === true;
    let body: Uint8Array = NO_BYTES;
    let answer: RefusedAnswer | undefined;
    try {
      body = await response.bytes(isKept ? MAX_KEPT_BYTES : MAX_ERROR_BYTES);
      if (isKept) answer = maskedAnswer(headers, body, this.mask);
    } catch (error) {
      // A body that is cut, stalls or is too long takes nothing from what the status says.
      if (!(error instanceof Failure)) throw error;
    }
    if (mayBeAbsent === true && tellsAbsence(method, response, body)) {
      return this.#answered(course, response);
    }
    const read = body.subarray(0, MAX_ERROR_BYTES);
    const nowMs = this.#settings.clock.now();
    throw parseS3Error({ status, headers, answer }, read, nowMs, course.attempts, this.mask);
  }

  #ownHeaders(headers: Headers): Headers {
    return this.#settings.requesterPays
      ? { ...headers, 'x-amz-request-payer': 'requester' }
      : headers;
  }

  #payloadHash({ body, bodySha256 }: S3Request): string | Promise<string> {
    if (body === undefined || body.length === 0) return EMPTY_PAYLOAD;
    // TLS protects the body; without it the signature does.
    return this.#isHttps ? UNSIGNED_PAYLOAD : (bodySha256 ?? bodyDigest('sha256', body));
  }

  /** Prepares another attempt, or throws. */
  async #recover<T>(error: unknown, course: Course<T>): Promise<void> {
    const { clock, retry, keys } = this.#settings;
    if (error instanceof S3Error) {
      const { region, clockOffsetMs } = course;
      const facts = { region, clockOffsetMs, nowMs: clock.now(), signed: keys !== undefined };
      const correction = planCorrection(error, facts);
      if (correction !== undefined && !course.corrected.includes(correction.kind)) {
        course.corrected = [...course.corrected, correction.kind];
        this.#correct(correction, course);
        return;
      }
    }
    course.failures += 1;
    const limit = Math.min(course.request.attempts ?? Infinity, retry.attempts);
    if (!mayPass(error) || course.failures >= limit) throw error;
    await clock.sleep(retry.delayMs(course.failures, error.retryAfterMs), course.signal);
  }

  #correct(correction: Correction, course: Pick<Course<unknown>, 'suspectedOffsetMs'>): void {
    if (correction.kind === 'region') {
      this.#region = correction.region;
      this.#locate = requestUrls({ ...this.#settings, region: correction.region });
      return;
    }
    course.suspectedOffsetMs = correction.clockOffsetMs;
    if (correction.certain) this.#clockOffsetMs = correction.clockOffsetMs;
  }
}

function isAnswer(status: number): boolean {
  return (status >= 200 && status < 300) || status === 304;
}
