import type { ListingFault } from './s3-double-listing.ts';
import type { DoubleRequest, Operation } from './s3-double-request.ts';

/** What goes wrong, as data. */
export type FaultAction =
  /** The connection is reset once the request was read; nothing is written. */
  | { readonly kind: 'reset' }
  /** Everything is done as asked, then the connection is reset instead of an answer. */
  | { readonly kind: 'loseAnswer' }
  /** Waits before it does what was asked. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Never answers; nothing is written. */
  | { readonly kind: 'hang' }
  /** Answers an error; with `afterWrite` though all was done as asked. */
  | {
      readonly kind: 'refuse';
      readonly status: number;
      /** '' for an answer without a body. */
      readonly code: string;
      readonly message?: string;
      readonly retryAfter?: string;
      readonly afterWrite?: boolean;
    }
  /** Does as asked, and gives another ETag: with its quotes; '' for an empty one. */
  | { readonly kind: 'etag'; readonly etag: string }
  /** Does as asked, and leaves a header out. */
  | { readonly kind: 'withoutHeader'; readonly name: string }
  /** Does as asked, and gives a header another value. */
  | { readonly kind: 'header'; readonly name: string; readonly value: string }
  /** Does as asked, and answers with another status. */
  | { readonly kind: 'status'; readonly status: number }
  /** 200 with an error document, as CompleteMultipartUpload may; nothing is written. */
  | { readonly kind: 'errorInBody'; readonly code: string }
  /** Ends the connection after so many bytes of the body. */
  | { readonly kind: 'cutBody'; readonly afterBytes: number }
  /** Tells another Content-Length than the body has, and ends the connection. */
  | { readonly kind: 'declaredLength'; readonly bytes: number }
  /** Stores and answers as asked, with other bytes: one bit differs. */
  | { readonly kind: 'flipBit' }
  /** Answers a document other than the one that is due, with status 200. */
  | { readonly kind: 'document'; readonly text: string }
  | { readonly kind: 'listing'; readonly how: ListingFault };

/** When it goes wrong. */
export interface Fault {
  readonly operation: Operation;
  /** Default: any. */
  readonly key?: string;
  /** The first request that it strikes, of those that match, from 1: default 1. */
  readonly nth?: number;
  /** How many it strikes from there: default 1. */
  readonly times?: number;
  readonly action: FaultAction;
}

/** The faults that were scripted, each with its own count of requests. */
export class FaultPlan {
  readonly #faults: { readonly fault: Fault; seen: number }[] = [];

  add(faults: readonly Fault[]): void {
    for (const fault of faults) this.#faults.push({ fault, seen: 0 });
  }

  clear(): void {
    this.#faults.length = 0;
  }

  /** Counts a request with every fault that matches; the first one that strikes is given. */
  strike({ operation, key }: Pick<DoubleRequest, 'operation' | 'key'>): FaultAction | undefined {
    let struck: FaultAction | undefined;
    for (const entry of this.#faults) {
      const { fault } = entry;
      if (fault.operation !== operation) continue;
      if (fault.key !== undefined && fault.key !== key) continue;
      entry.seen += 1;
      const first = fault.nth ?? 1;
      const strikes = entry.seen >= first && entry.seen < first + (fault.times ?? 1);
      if (strikes) struck ??= fault.action;
    }
    return struck;
  }
}
