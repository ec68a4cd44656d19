import type { ClaimAnswer, ClaimHolder } from '../model/claims.ts';
import type { GaugeBatch, GaugeRecord } from '../model/gauge-store.ts';

/** A pending fill as it passes to the thread and back. */
export interface SealedFill {
  readonly key: string;
  /** Text that only the adapter reads. */
  readonly sealed: string;
}

/** What the shared store's thread is asked to change; what waits together shares a transaction. */
export type SharedWrite =
  | { readonly op: 'recordFill'; readonly fill: SealedFill }
  | { readonly op: 'fillDone'; readonly key: string }
  | { readonly op: 'takeOverFills' }
  | { readonly op: 'claim'; readonly key: string; readonly claimant: ClaimHolder }
  | { readonly op: 'release'; readonly key: string; readonly owner: string }
  | { readonly op: 'addToGauge'; readonly batch: GaugeBatch };

/** What it is asked beside that. */
export type SharedQuestion =
  | { readonly op: 'open'; readonly directory: string; readonly busyTimeoutMs: number }
  | { readonly op: 'fills' }
  | { readonly op: 'gauge' }
  | { readonly op: 'close' };

/** What it answers to a change. */
export type SharedWritten =
  | { readonly op: 'recordFill' | 'fillDone' | 'release' | 'addToGauge' }
  | { readonly op: 'takeOverFills'; readonly fills: readonly SealedFill[] }
  | { readonly op: 'claim'; readonly answer: ClaimAnswer };

/** What it answers. */
export type SharedReply =
  | SharedWritten
  | { readonly op: 'open' | 'close' }
  | { readonly op: 'fills'; readonly fills: readonly SealedFill[] }
  | { readonly op: 'gauge'; readonly record: GaugeRecord };
