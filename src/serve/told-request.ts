import { randomUUID } from 'node:crypto';
import type { Failure } from '../model/failure.ts';
import type { Rule } from '../model/rule.ts';
import type { Mark, Served } from '../model/served.ts';
import type { ClientRequest } from '../rules/client-request.ts';
import type { Client, HttpClient } from './client/client.ts';
import type { Exchange } from './serving.ts';

/** Names one request. It is made up when somebody asks for it: of most nobody does. */
export class RequestId {
  #text: string | undefined;

  get text(): string {
    return (this.#text ??= randomUUID());
  }
}

/** A request for an object, of which nothing is found out yet. */
export class ObjectExchange implements Exchange {
  readonly request: ClientRequest;
  readonly client: Client;
  readonly begunAt: number;
  rule: Rule | undefined = undefined;
  mark: Mark | undefined = undefined;
  neededOrigin = false;
  failure: Failure | undefined = undefined;
  readonly #id: RequestId;

  constructor(id: RequestId, request: ClientRequest, client: Client, begunAt: number) {
    this.#id = id;
    this.request = request;
    this.client = client;
    this.begunAt = begunAt;
  }

  get id(): string {
    return this.#id.text;
  }
}

/** When a request came, and what for. */
export interface Coming {
  readonly id: RequestId;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  /** The same moment by a clock that nobody sets. */
  readonly begunMs: number;
  readonly method: string;
}

/** An answered request, as it is told of. */
export class ToldRequest implements Served {
  readonly timeMs: number;
  readonly method: string;
  readonly key: string | undefined;
  readonly rule: string | undefined;
  readonly mark: Mark | undefined;
  readonly status: number;
  readonly bytes: number;
  readonly elapsedMs: number;
  readonly neededOrigin: boolean;
  readonly cut: boolean;
  readonly failure: Failure | undefined;
  readonly #id: RequestId;

  /**
   * @param exchange undefined where no object was asked for
   * @param endedMs by the clock of `begunMs`
   */
  constructor(coming: Coming, exchange: Exchange | undefined, client: HttpClient, endedMs: number) {
    this.timeMs = coming.timeMs;
    this.method = coming.method;
    this.key = exchange?.request.key;
    this.rule = exchange?.rule?.id;
    this.mark = exchange?.mark;
    this.status = client.status;
    this.bytes = client.sentBytes;
    this.elapsedMs = endedMs - coming.begunMs;
    this.neededOrigin = exchange?.neededOrigin ?? false;
    this.cut = !client.ended;
    this.failure = exchange?.failure;
    this.#id = coming.id;
  }

  get id(): string {
    return this.#id.text;
  }
}
