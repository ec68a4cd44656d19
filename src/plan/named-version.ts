/** HTTP dates have no less. */
const SECOND_MS = 1000;

/** An ETag as lists spell it, with or without quotes and `W/`: its opaque part. */
export function opaqueTag(etag: string): string {
  return etag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
}

/** A moment in milliseconds since the epoch, as exact as HTTP dates are: in seconds. */
export function inSeconds(ms: number): number {
  return Math.floor(ms / SECOND_MS);
}
