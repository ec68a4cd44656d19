import type { VendorSource } from './vendor-source.ts';

/**
 * `origins.retryOn` for a vendor's list of `4XX`, `5XX` and single statuses, each once.
 * @throws FatalError `usage` for anything else, and for a class beside one of its statuses.
 */
export function retryPatterns(sources: readonly VendorSource[]): readonly (string | number)[] {
  const patterns = new Set<string | number>();
  for (const source of sources) {
    const text = source.text().trim().toUpperCase();
    if (text === '4XX' || text === '5XX') patterns.add(text);
    else if (/^[45]\d\d$/.test(text)) patterns.add(Number(text));
    else throw source.problem('expected 4XX, 5XX or a status from 400 to 599');
  }
  for (const source of sources) {
    const text = source.text().trim();
    const family = `${text.slice(0, 1)}XX`;
    if (/^\d+$/.test(text) && patterns.has(family)) {
      throw source.problem(`${text} is part of ${family}, which stands in the list too; keep one`);
    }
  }
  return [...patterns];
}
