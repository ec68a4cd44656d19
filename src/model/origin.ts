import type { ObjectKey } from './object-key.ts';
import type { Body, Headers } from './ports.ts';

/**
 * The version that is known already, by its ETag. A date alone is never asked by: a server that
 * answers "not newer" would hide an older version that was put back.
 */
export interface Unless {
  /** As it came, quotes and `W/` included. */
  readonly etag: string;
}

/** A version of which the first bytes are there already. */
export interface ReadOn {
  /** The first byte that is missing, more than 0. */
  readonly offset: number;
  /** A strong ETag, as it came. */
  readonly etag: string;
  /** Bytes of the whole object, as its first answer declared them. */
  readonly total: number;
}

export interface OriginRequest {
  /** The request key, for messages. */
  readonly key: ObjectKey;
  /** What the rule made of the key; not percent-encoded, below the address's base. */
  readonly originKey: string;
  /** Query that is passed on, without `?` and without signature parameters; '' for none. */
  readonly query: string;
  /** A URL that a list gave for this key; it replaces the address's base and `originKey`. */
  readonly url: string | undefined;
  /** Headers of the rule for this request; an address adds its own. */
  readonly headers: Headers;
  /** Names in `headers` whose values are secrets: they stay with the address's own site. */
  readonly secretHeaders?: ReadonlySet<string> | undefined;
  /** Asks for the body only if the origin's version is another; answered with status 304. */
  readonly unless: Unless | undefined;
  /**
   * Asked before a request to the address of that name: what of its object is there; of most
   * objects it is known at once, without a promise, that nothing is. The request
   * then asks for the rest of that very version, and its reader gets 206 with whatever range came,
   * 200 with the whole of another version, or 412 or 416.
   */
  readonly readOn?: ((origin: string) => Promise<ReadOn | undefined> | undefined) | undefined;
  /** What wrappers go by: the address whose bytes are there, and how many could be gone on behind. */
  readonly begun?:
    (() => { readonly origin: string; readonly bytes: number } | undefined) | undefined;
  /** `GET` unless it says otherwise; the answer to `HEAD` has no body, and its length is declared. */
  readonly method?: 'GET' | 'HEAD' | undefined;
  /**
   * A Range header, for who wants no more than a part and joins it to nothing: the reader then gets
   * 206 with whatever range came, 200 with the whole, or 416. Not beside `unless` and `readOn`.
   */
  readonly range?: string | undefined;
  /** Statuses whose answer a Failure brings along, in {@link Failure.answer}. */
  readonly keepAnswer?: readonly number[] | undefined;
  /** Told of every request for the object's body as it is sent, with the address's name. */
  readonly onRequest: (origin: string) => void;
  /** Told when the read begins to wait because no address can be asked, and when that is over. */
  readonly onWait?: ((waiting: boolean) => void) | undefined;
}

export interface OriginHead {
  /** The address that answered, as events show it. */
  readonly origin: string;
  /** The URL that gave the body, after redirects, without credentials. */
  readonly url: string;
  readonly status: number;
  /** Lower-case names; bytes above ASCII stand as the Latin-1 characters of those bytes. */
  readonly headers: Headers;
  /** What Content-Length declared, in bytes. */
  readonly length: number | undefined;
  /** The body's MD5, base64, where something beside a Content-MD5 header names it: S3's ETag. */
  readonly md5?: string | undefined;
  /** What marks the body's end; `close`: only the closed connection, so a cut can't be seen. */
  readonly framing: 'length' | 'chunked' | 'close';
}

export interface OriginAnswer extends Body {
  readonly head: OriginHead;
}

/**
 * Reads one answer. What it throws tells the wrappers whether to ask again or elsewhere. It may
 * give back {@link ReadAgain} instead of a result: the same address is then asked once more.
 */
export type AnswerReader<T> = (answer: OriginAnswer) => Promise<T | ReadAgain<T>>;

/** A reader's wish for a second answer of the same address, which `reader` takes. */
export class ReadAgain<T> {
  readonly reader: AnswerReader<T>;

  constructor(reader: AnswerReader<T>) {
    this.reader = reader;
  }
}

/**
 * One address that objects come from, or, wrapped by `guard`, a rule's whole set of them.
 *
 * The reader runs inside `read` and holds the connection while it does. Broken bodies are
 * therefore failures of `read`, and a wrapper that asks again, or asks another address, starts
 * a new reader: from byte 0, unless the request says by `readOn` what it has of that very version.
 */
export interface Origin {
  /** As shown in events: scheme, host and path of the address; no credentials, no query. */
  readonly name: string;
  /**
   * Asks for an object and gives the answer to `reader`: status 200, or 304 where `unless` is set,
   * or what {@link OriginRequest.readOn} names where it asked for the rest.
   * A body that the reader leaves unread is cut off. It always answers with a promise, and throws
   * nothing before: wrappers that hold a permit meanwhile rely on it, of `reader` as well.
   * @throws Failure with an `ORIGIN_*`, `REDIRECT_REFUSED`, `ADDRESS_REFUSED`, `LOOP_DETECTED` or
   * `KEY_INVALID` code; any other status is `ORIGIN_NOT_FOUND` (404, 410) or `ORIGIN_STATUS`.
   * @throws FatalError `origins-unusable` where every address stayed down too long.
   */
  read<T>(request: OriginRequest, reader: AnswerReader<T>, signal: AbortSignal): Promise<T>;
  /**
   * Resolves when the address answers HTTP at all, whatever the status.
   * @throws Failure `ORIGIN_UNREACHABLE`, `ORIGIN_TIMEOUT` or `ADDRESS_REFUSED`.
   */
  probe(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Asks by `ask` until a reader gives a result; for implementations of {@link Origin.read}. */
export async function readToResult<T>(
  ask: (reader: AnswerReader<T>) => Promise<T | ReadAgain<T>>,
  reader: AnswerReader<T>,
): Promise<T> {
  let read = await ask(reader);
  while (read instanceof ReadAgain) read = await ask(read.reader);
  return read;
}
