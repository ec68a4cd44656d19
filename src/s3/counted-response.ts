import type { HttpResponse } from '../http/http-client.ts';
import { lendBody } from '../model/lend-body.ts';
import type { BodySink, Headers } from '../model/ports.ts';
import type { S3Response } from './s3-store.ts';

/** An answer with the number of requests that it took. */
export class CountedResponse implements S3Response {
  readonly status: number;
  readonly headers: Headers;
  readonly length: number | undefined;
  readonly attempts: number;
  readonly #response: HttpResponse;

  constructor(response: HttpResponse, attempts: number) {
    this.status = response.status;
    this.headers = response.headers;
    this.length = response.length;
    this.attempts = attempts;
    this.#response = response;
  }

  get setCookies(): readonly string[] {
    return this.#response.setCookies;
  }

  get framing(): HttpResponse['framing'] {
    return this.#response.framing;
  }

  bytes(limit: number): Promise<Uint8Array> {
    return this.#response.bytes(limit);
  }

  pipeTo(sink: BodySink): Promise<number> {
    return this.#response.pipeTo(sink);
  }

  lendTo(sink: BodySink): Promise<number> {
    return lendBody(this.#response, sink);
  }
}
