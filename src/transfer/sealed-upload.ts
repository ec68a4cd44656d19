import type { UploadMark } from '../model/bucket.ts';
import type { OriginHead } from '../model/origin.ts';
import type { GateState } from './commit-gate.ts';

/** All that a later run needs to go on with an upload. */
export interface SealedUpload {
  /** Of the answer that the first bytes came with, as far as it may be written down. */
  readonly head: OriginHead;
  /** The gate as it was when it had seen the mark's bytes. */
  readonly gate: GateState;
  readonly mark: UploadMark;
  /** When it was written down, milliseconds since the epoch. */
  readonly keptMs: number;
}

const VERSION = 1;

/** As the journal keeps it. */
export function seal({ head, gate, mark, keptMs }: SealedUpload): string {
  return JSON.stringify({ version: VERSION, head, gate, mark, keptMs });
}

/** What `seal` made; undefined for anything else, such as what another version of it made. */
export function unseal(text: string): SealedUpload | undefined {
  let sealed: unknown;
  try {
    sealed = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isSealed(sealed) ? sealed : undefined;
}

function isSealed(value: unknown): value is SealedUpload {
  return (
    hasFields(value, ['version', 'head', 'gate', 'mark', 'keptMs']) &&
    value['version'] === VERSION &&
    hasFields(value['head'], ['origin', 'url', 'status', 'headers', 'length', 'framing']) &&
    hasFields(value['gate'], ['bytes', 'digests']) &&
    hasFields(value['mark'], ['bytes', 'token'])
  );
}

function hasFields(value: unknown, names: readonly string[]): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && names.every((name) => name in value);
}
