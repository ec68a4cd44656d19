import type { DialIdentity } from '../http/dial.ts';
import type { HttpClient, HttpResponse } from '../http/http-client.ts';
import { Failure, MAX_KEPT_BYTES, type RefusedAnswer } from '../model/failure.ts';
import type { Clock, Headers } from '../model/ports.ts';
import { maskedFailure, SecretMask, type Mask } from './mask-secrets.ts';
import { maskedAnswer } from './masked-answer.ts';
import { mayPass } from './may-pass.ts';
import { MAX_ERROR_BYTES, parseS3Error } from './parse-s3-error.ts';
import { planCorrection, type Correction } from './plan-correction.ts';
import { requestUrls, type LocateRequest } from './request-url.ts';
import { S3Error } from './s3-error.ts';
import type { AccessKeys, KeySource, S3Request, S3Response } from './s3-store.ts';
import { EMPTY_PAYLOAD, UNSIGNED_PAYLOAD, v4Signer } from './sign-v4.ts';
import { slicedDigest } from './sliced-digest.ts';
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

/** What happened so far in one call. */
interface Course {
  attempts: number;
  /** Failures that end the call. */
  readonly limit: number;
  failures: number;
  corrected: Set<Correction['kind']>;
  /** A clock offset that only this call believes in so far. */
  suspectedOffsetMs: number | undefined;
}

/** What one request was made with. */
interface Basis {
  readonly region: string;
  readonly clockOffsetMs: number;
}

interface Attempt {
  readonly request: S3Request;
  readonly payloadHash: string;
  readonly basis: Basis;
  /** Undefined: the request is not signed. */
  readonly keys: AccessKeys | undefined;
}

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
  #clockOffsetMs = 0;
  #requests = 0;

  constructor(settings: S3LaneSettings) {
    this.#settings = settings;
    this.#region = settings.region;
    this.#locate = requestUrls(settings);
  }

  /** Requests that went out. */
  requests(): number {
    return this.#requests;
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

  async #run<T>(
    request: S3Request,
    reader: Reader<T>,
    signal: AbortSignal,
    repeatsReader: boolean,
  ): Promise<T> {
    const course: Course = {
      attempts: 0,
      limit: Math.min(request.attempts ?? Infinity, this.#settings.retry.attempts),
      failures: 0,
      corrected: new Set(),
      suspectedOffsetMs: undefined,
    };
    const { body } = request;
    const isBodiless = body === undefined || body.length === 0;
    const payloadHash = isBodiless ? EMPTY_PAYLOAD : await this.#payloadHash(body);
    for (;;) {
      const basis: Basis = {
        region: this.#region,
        clockOffsetMs: course.suspectedOffsetMs ?? this.#clockOffsetMs,
      };
      const given = { isAnswered: false };
      const onAnswer = (response: S3Response): Promise<T> => {
        given.isAnswered = true;
        this.#clockOffsetMs = course.suspectedOffsetMs ?? this.#clockOffsetMs;
        return reader(response);
      };
      try {
        const held = this.#settings.keys?.(signal);
        const keys = held instanceof Promise ? await held : held;
        return await this.#attempt({ request, payloadHash, basis, keys }, course, signal, onAnswer);
      } catch (error) {
        if (given.isAnswered && !repeatsReader) throw error;
        signal.throwIfAborted();
        await this.#recover(maskedFailure(error, this.mask), basis, course, signal);
      }
    }
  }

  #attempt<T>(
    { request, payloadHash, basis, keys }: Attempt,
    course: Course,
    signal: AbortSignal,
    reader: Reader<T>,
  ): Promise<T> {
    const { http, identity, clock } = this.#settings;
    const { target, path, query } = this.#locate(request.key, request.query);
    const { method, body } = request;
    let headers = this.#ownHeaders(request.headers);
    if (keys !== undefined) {
      this.#secrets.learn(keys);
      const unsigned = { ...headers, host: target.authority };
      const nowMs = clock.now() + basis.clockOffsetMs;
      const signature = this.#sign(
        { method, path, query, headers: unsigned, payloadHash },
        { keys, region: basis.region, nowMs },
      );
      headers = { ...headers, ...signature };
    }
    course.attempts += 1;
    this.#requests += 1;
    const { attempts } = course;
    return http.exchange(
      { method, target, headers, body, identity, keepAfterHead: true },
      (response) =>
        isAnswer(response.status)
          ? reader({ ...response, attempts })
          : this.#refused(request, response, attempts, reader),
      signal,
    );
  }

  async #refused<T>(
    { method, mayBeAbsent, keepAnswer }: S3Request,
    response: HttpResponse,
    attempts: number,
    reader: Reader<T>,
  ): Promise<T> {
    const { status, headers } = response;
    const isKept = keepAnswer?.includes(status) === true;
    let body: Uint8Array = new Uint8Array(0);
    let answer: RefusedAnswer | undefined;
    try {
      body = await response.bytes(isKept ? MAX_KEPT_BYTES : MAX_ERROR_BYTES);
      if (isKept) answer = maskedAnswer(headers, body, this.mask);
    } catch (error) {
      // A body that is cut, stalls or is too long takes nothing from what the status says.
      if (!(error instanceof Failure)) throw error;
    }
    if (mayBeAbsent === true && tellsAbsence(method, response, body)) {
      return reader({ ...response, attempts });
    }
    const read = body.subarray(0, MAX_ERROR_BYTES);
    const nowMs = this.#settings.clock.now();
    throw parseS3Error({ status, headers, answer }, read, nowMs, attempts, this.mask);
  }

  #ownHeaders(headers: Headers): Headers {
    return this.#settings.requesterPays
      ? { ...headers, 'x-amz-request-payer': 'requester' }
      : headers;
  }

  async #payloadHash(body: Uint8Array): Promise<string> {
    // TLS protects the body; without it the signature does.
    if (this.#locate(undefined, []).target.scheme === 'https') return UNSIGNED_PAYLOAD;
    return (await slicedDigest('sha256', body)).toString('hex');
  }

  /** Prepares another attempt, or throws. */
  async #recover(error: unknown, basis: Basis, course: Course, signal: AbortSignal): Promise<void> {
    const { clock, retry, keys } = this.#settings;
    if (error instanceof S3Error) {
      const facts = { ...basis, nowMs: clock.now(), signed: keys !== undefined };
      const correction = planCorrection(error, facts);
      if (correction !== undefined && !course.corrected.has(correction.kind)) {
        course.corrected.add(correction.kind);
        this.#correct(correction, course);
        return;
      }
    }
    course.failures += 1;
    if (!mayPass(error) || course.failures >= course.limit) throw error;
    await clock.sleep(retry.delayMs(course.failures, error.retryAfterMs), signal);
  }

  #correct(correction: Correction, course: Course): void {
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
