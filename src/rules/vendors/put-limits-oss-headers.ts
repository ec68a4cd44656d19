import { passRemoveSet } from './header-fields.ts';
import type { VendorSource } from './vendor-source.ts';

/** Aliyun's limits: headers a list, conditions on headers, and bytes of a name and of a value. */
const MAX_HEADERS = 10;
const MAX_BYTES = 1024;

/**
 * Holds the headers of an OSS rule to its limits.
 * @throws FatalError `usage`, naming the list or the field.
 */
export function refuseOssHeaders(
  redirect: VendorSource,
  condition: VendorSource | undefined,
): void {
  const conditions = condition?.all('IncludeHeader') ?? [];
  if (condition !== undefined) refuseMore(condition, conditions.length, 'IncludeHeader');
  const holder = redirect.field('MirrorHeaders');
  if (holder === undefined) return;
  const { pass, remove, set } = passRemoveSet(holder);
  for (const [name, list] of Object.entries({ Pass: pass, Remove: remove, Set: set })) {
    refuseMore(holder, list.length, name);
  }
  for (const name of [...pass, ...remove, ...set.map((entry) => entry.name)]) refuseName(name);
  for (const { value } of set) refuseLong(value);
}

function refuseMore(place: VendorSource, count: number, name: string): void {
  if (count <= MAX_HEADERS) return;
  throw place.problem(`\`${name}\` stands ${count} times; OSS allows at most ${MAX_HEADERS}`);
}

function refuseName(source: VendorSource): void {
  refuseLong(source);
  if (/^[A-Za-z0-9-]+$/.test(source.text().trim())) return;
  throw source.problem('the name of a header has letters, digits and - only');
}

function refuseLong(source: VendorSource): void {
  const bytes = new TextEncoder().encode(source.text()).length;
  if (bytes > MAX_BYTES) throw source.problem(`has ${bytes} bytes; OSS allows ${MAX_BYTES}`);
}
