import { bosCondition } from './bos-condition.ts';
import type { VendorSource } from './vendor-source.ts';

/** Of an address and of what is put in front of keys, in characters. */
const MAX_LENGTH = 1024;

/** Storage classes of BOS (PutBucketMirroring, storage classes), S3 has only the first two of them. */
const CLASSES: ReadonlySet<string> = new Set([
  'STANDARD',
  'STANDARD_IA',
  'STANDARD_HP',
  'COLD',
  'ARCHIVE',
  'MAZ_STANDARD',
  'MAZ_STANDARD_IA',
]);

/**
 * What BOS refuses and import takes (console guide and PutBucketMirroring): a condition that ends
 * with `/`, a replacement that names nothing, a backup beside a redirect, long addresses, and
 * storage classes that nobody knows.
 * @throws FatalError `usage`, naming the field.
 */
export function refuseBeyondBos(root: VendorSource): void {
  for (const rule of root.all('bucketMirroringConfiguration')) {
    refuseBoundary(rule);
    refuseNothing(rule);
    refuseBackup(rule);
    for (const name of ['sourceUrl', 'backSourceUrl', 'prefix']) refuseLong(rule, name);
    refuseClass(rule);
  }
}

function refuseBoundary(rule: VendorSource): void {
  if (!bosCondition(rule).prefix.endsWith('/')) return;
  throw rule.problem('`resource`: a prefix cannot end with /');
}

/** Empty is how cropping is written; what is only slashes or blanks was to be a path. */
function refuseNothing(rule: VendorSource): void {
  const text = rule.filled('prefixReplace');
  if (text === undefined || !/^[/\s]*$/.test(text)) return;
  throw rule.problem('`prefixReplace` names no path that the prefix is replaced with');
}

function refuseBackup(rule: VendorSource): void {
  const redirects = rule.filled('mode')?.trim().toLowerCase() === 'redirect';
  if (!redirects || rule.filled('backSourceUrl') === undefined) return;
  throw rule.problem('`backSourceUrl` and `mode` redirect contradict each other');
}

function refuseLong(rule: VendorSource, name: string): void {
  const text = rule.filled(name) ?? '';
  if (text.length > MAX_LENGTH) {
    throw rule.problem(`\`${name}\` is longer than ${MAX_LENGTH} characters`);
  }
  if (text.includes(' ')) throw rule.problem(`\`${name}\` holds a space`);
}

function refuseClass(rule: VendorSource): void {
  const name = rule.filled('storageClass')?.trim().toUpperCase();
  if (name === undefined || CLASSES.has(name)) return;
  throw rule.problem(`\`storageClass\`: expected one of ${[...CLASSES].join(', ')}`);
}
