import type { VendorSource } from './vendor-source.ts';

/**
 * Warns of more entries than the vendor documents: such a document works here, but not there.
 * @param what the entries in plural, as `rules`
 */
export function warnBeyond(place: VendorSource, count: number, most: number, what: string): void {
  if (count > most) place.warn(`${count} ${what}; the vendor allows at most ${most}`);
}
