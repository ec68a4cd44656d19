import type { ClaimHolder } from '../../model/claims.ts';
import type { KeyEntry } from '../../model/entry.ts';
import type { ObjectOutcome } from '../../model/event.ts';
import type { FatalKind } from '../../model/failure.ts';
import type { Presence } from '../presence.ts';

/** An entry on its way to another thread, with all that is known of it. */
export interface SentEntry {
  readonly entry: KeyEntry;
  /** The id of its rule. */
  readonly rule: string;
  /** What a listing, or the way that presence is found, tells; undefined: the bucket is to be asked. */
  readonly known: Presence['state'] | undefined;
  /** What is written down of uploads of its key, as the journal keeps it. */
  readonly sealed: string | undefined;
  /** When it was taken up, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** How often its body was asked for so far. */
  readonly requests: number;
}

/** What became of it there. */
export type CameOf =
  | { readonly is: 'settled'; readonly outcome: ObjectOutcome }
  /** Another process is at work on the key. */
  | { readonly is: 'held'; readonly by: ClaimHolder }
  /** It would have had to wait, for an address or for a next try; that is not done there. */
  | { readonly is: 'handedBack' }
  /** The run was told to stop at once. */
  | { readonly is: 'aborted' }
  | {
      readonly is: 'fatal';
      readonly kind: FatalKind;
      readonly message: string;
      /** Undefined where nothing else caused it. */
      readonly cause: string | undefined;
    };

/** An entry on its way back. */
export interface SentBack {
  readonly cameOf: CameOf;
  /** How often its body was asked for, here and there. */
  readonly requests: number;
}
