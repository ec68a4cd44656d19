import type { StoredResult } from '../../src/model/checkpoint.ts';
import { readResults } from '../../src/checkpoint/read-results.ts';

/** All that {@link readResults} gives. */
export async function allResults(directory: string, back?: number): Promise<StoredResult[]> {
  const lines: StoredResult[] = [];
  for await (const line of readResults(directory, back)) lines.push(line);
  return lines;
}
