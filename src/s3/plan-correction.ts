import type { S3Error } from './s3-error.ts';

/** What a request was made with. */
export interface RequestBasis {
  readonly region: string;
  /** The store's clock minus ours, as far as it was known, in milliseconds. */
  readonly clockOffsetMs: number;
  /** Our clock, in milliseconds since the epoch. */
  readonly nowMs: number;
  readonly signed: boolean;
}

/** What to do otherwise before asking again. */
export type Correction =
  | { readonly kind: 'region'; readonly region: string }
  /** `certain`: the store said so itself; else only a success proves that the clock was it. */
  | { readonly kind: 'clock'; readonly clockOffsetMs: number; readonly certain: boolean };

/** S3 refuses signatures that are older than 15 minutes; other stores are stricter. */
const SUSPICIOUS_SKEW_MS = 5 * 60_000;

const REGION_STATUSES: readonly number[] = [301, 307, 400];

/** Regions as they stand in host names; anything else is not put into one. */
const REGION = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/i;

/** AWS's hosts: `bucket.s3.REGION.amazonaws.com`, or with the older `s3-REGION`. */
const AWS_HOST = /(?:^|\.)s3[.-]([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

/** Decides whether a refusal says that the region or the clock was wrong, and how. */
export function planCorrection(error: S3Error, basis: RequestBasis): Correction | undefined {
  const region = REGION_STATUSES.includes(error.status) ? regionIn(error) : undefined;
  if (region !== undefined && region !== basis.region) return { kind: 'region', region };
  return basis.signed ? clockCorrection(error, basis) : undefined;
}

function regionIn({ region, endpoint }: S3Error): string | undefined {
  const named = region ?? (endpoint === undefined ? undefined : AWS_HOST.exec(endpoint)?.[1]);
  return named !== undefined && REGION.test(named) ? named : undefined;
}

function clockCorrection(error: S3Error, basis: RequestBasis): Correction | undefined {
  const { serverTimeMs, status, code } = error;
  if (serverTimeMs === undefined || (status !== 400 && status !== 403)) return undefined;
  const clockOffsetMs = serverTimeMs - basis.nowMs;
  const certain = code === 'RequestTimeTooSkewed';
  const skewMs = Math.abs(clockOffsetMs - basis.clockOffsetMs);
  return certain || skewMs > SUSPICIOUS_SKEW_MS
    ? { kind: 'clock', clockOffsetMs, certain }
    : undefined;
}
