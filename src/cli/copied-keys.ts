import { readResults } from '../checkpoint/read-results.ts';
import { objectKey } from '../model/object-key.ts';
import type { CopiedKey } from '../run/sync/conclude-sync.ts';
import { sortByKey } from '../scan/sort/sort-by-key.ts';

/** Results that are handed on at once. */
const BATCH = 1000;

/**
 * The objects that a job's last begun pass has copied, by its results, in the order of keys.
 * @param directory the job's; what does not fit into memory is sorted there
 * @throws FatalError `state-unusable`.
 */
export function copiedKeys(
  directory: string,
  signal: AbortSignal,
): AsyncIterable<readonly CopiedKey[]> {
  return sortByKey(inOrderOfTime(directory), {
    folder: directory,
    encode: ({ key, version }) => JSON.stringify([key, version.etag, version.size]),
    decode: copiedKey,
    // Copied twice, it is what was copied last.
    same: (_, after) => after,
    signal,
  });
}

async function* inOrderOfTime(directory: string): AsyncGenerator<readonly CopiedKey[]> {
  let batch: CopiedKey[] = [];
  for await (const result of readResults(directory)) {
    if (result.outcome !== 'copied' || !('key' in result)) continue;
    const { key, etag, bytes: size } = result;
    batch.push({ key: objectKey(key), version: { etag, size } });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function copiedKey(line: string): CopiedKey {
  const fields: unknown = JSON.parse(line);
  const [key, etag, size] = Array.isArray(fields) ? fields.map((field: unknown) => field) : [];
  return { key: objectKey(String(key)), version: { etag: String(etag), size: Number(size) } };
}
