import { randomUUID } from 'node:crypto';
import type { Failure } from '../model/failure.ts';
import type { Rule } from '../model/rule.ts';
import type { Mark, Served } from '../model/served.ts';
import type { ClientRequest } from '../rules/client-request.ts';
import type { Client, HttpClient } from './client/client.ts';
import type { Exchange } from './serving.ts';

/** When a request came, and by what name it is told of. */
export class Coming {
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  /** The same moment by a clock that nobody sets. */
  readonly begunMs: number;
  readonly method: string;
  #id: string | undefined;

  constructor(timeMs: number, begunMs: number, method: string) {
    this.timeMs = timeMs;
    this.begunMs = begunMs;
    this.method = method;
  }

  /** Made up when somebody asks for it: of most requests nobody does. */
  get id(): string {
    return (this.#id ??= randomUUID());
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
  readonly #coming: Coming;

  constructor(coming: Coming, request: ClientRequest, client: Client, begunAt: number) {
    this.#coming = coming;
    this.request = request;
    this.client = client;
    this.begunAt = begunAt;
  }

  get id(): string {
    return this.#coming.id;
  }
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
  readonly #coming: Coming;

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
    this.#coming = coming;
  }

  get id(): string {
    return this.#coming.id;
  }
}
