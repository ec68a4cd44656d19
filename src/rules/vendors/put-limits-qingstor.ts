import type { VendorSource } from './vendor-source.ts';

/**
 * QingStor's format of a source is `<protocol>://<host>[:port]/[path]` (Put Bucket External Mirror).
 * @throws FatalError `usage` for a source with more than that.
 */
export function refuseBeyondQingstor(root: VendorSource): void {
  const site = root.needed('source_site');
  if (!/[?#]/.test(site.text())) return;
  throw site.problem('expected <protocol>://<host>[:port]/[path], without a query');
}
