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

/** All that is needed to abort an upload that nobody goes on with. */
export interface OrphanUpload {
  readonly token: string;
  /** When it was written down, milliseconds since the epoch. */
  readonly keptMs: number;
}

/** The uploads of one key that the bucket may still hold. */
export interface KeptUploads {
  readonly upload: SealedUpload | undefined;
  /** Oldest first. */
  readonly orphans: readonly OrphanUpload[];
}

const VERSION = 2;

/** As the journal keeps it. */
export function seal({ upload, orphans }: KeptUploads): string {
  return JSON.stringify({ version: VERSION, upload, orphans });
}

/** What `seal` made; undefined for anything else, such as what another version of it made. */
export function unseal(text: string): KeptUploads | undefined {
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!hasFields(kept, ['version', 'orphans']) || kept['version'] !== VERSION) return undefined;
  const { upload, orphans } = kept;
  if (!Array.isArray(orphans) || !orphans.every(isOrphan)) return undefined;
  if (upload !== undefined && !isSealed(upload)) return undefined;
  return { upload, orphans };
}

function isOrphan(value: unknown): value is OrphanUpload {
  return hasFields(value, ['token', 'keptMs']);
}

function isSealed(value: unknown): value is SealedUpload {
  return (
    hasFields(value, ['head', 'gate', 'mark', 'keptMs']) &&
    hasFields(value['head'], ['origin', 'url', 'status', 'headers', 'length', 'framing']) &&
    hasFields(value['gate'], ['bytes', 'digests']) &&
    hasFields(value['mark'], ['bytes', 'token'])
  );
}

function hasFields(value: unknown, names: readonly string[]): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && names.every((name) => name in value);
}
