import type { ConformanceClient, RawAnswer } from './s3-conformance-client.ts';
import { INTEGRITY_CHECKS } from './s3-conformance-integrity.ts';
import { LISTING_CHECKS } from './s3-conformance-listings.ts';
import { OBJECT_CHECKS } from './s3-conformance-objects.ts';
import { SIGNATURE_CHECKS } from './s3-conformance-signatures.ts';
import { UPLOAD_CHECKS } from './s3-conformance-uploads.ts';
import type { ConformanceCheck } from './s3-conformance-check.ts';

/**
 * What a store must do for us, by raw requests: the same table is put to the double and to real
 * servers, so that the double can't drift away from them.
 */
export const S3_CONFORMANCE: readonly ConformanceCheck[] = [
  ...SIGNATURE_CHECKS,
  ...INTEGRITY_CHECKS,
  ...OBJECT_CHECKS,
  ...LISTING_CHECKS,
  ...UPLOAD_CHECKS,
];

/** The verdict of each check, by its name; what is thrown is a verdict too. */
export async function verdictsOf(
  client: ConformanceClient,
): Promise<Readonly<Record<string, string>>> {
  const made: RawAnswer = await client.ask({ method: 'PUT' });
  if (made.status !== 200) throw new Error(`no bucket ${client.bucket}: ${made.verdict}`);
  const verdicts: Record<string, string> = {};
  for (const check of S3_CONFORMANCE) {
    try {
      verdicts[check.name] = await check.verdict(client);
    } catch (error) {
      verdicts[check.name] = `threw ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return verdicts;
}

/** A verdict that is not S3's, known and explained. */
export interface Difference {
  readonly verdict: string;
  /** Why this server answers so, or what it means for us. */
  readonly reason: string;
}

/**
 * What is wrong with a list of differences, a line each: those that are not written down, those
 * that are gone or are others now, and those of checks that nobody makes.
 */
export function unexplained(
  verdicts: Readonly<Record<string, string>>,
  differences: Readonly<Record<string, Difference>>,
): readonly string[] {
  const lines = S3_CONFORMANCE.flatMap(({ name, s3 }) => {
    const is = verdicts[name] ?? 'not asked';
    const written = differences[name]?.verdict ?? s3;
    return is === written ? [] : [`${name}: ${is}, where ${written} is written down`];
  });
  const known = new Map(S3_CONFORMANCE.map((check) => [check.name, check.s3]));
  for (const [name, { verdict, reason }] of Object.entries(differences)) {
    if (!known.has(name)) lines.push(`${name}: no such check`);
    else if (known.get(name) === verdict) lines.push(`${name}: written down, but no difference`);
    if (reason === '') lines.push(`${name}: without a reason`);
  }
  return lines;
}
