import path from 'node:path';

import { openConnection } from './serve-connection.js';
import { startServe } from './serve-process.js';

/** Samples that do not count: connections and code are warm behind them. */
const WARM_UP = 50;

/**
 * Asks for objects one by one, each first of the origin and then, cold, of serve, over one kept
 * connection each.
 * @returns {Promise<Record<'origin' | 'bucket' | 'serve' | 'delay' | 'whole', { p50: number, p99: number }>>}
 *   milliseconds: to the first byte from the origin; to the bucket's 404; to the first byte from
 *   serve; serve's minus the origin's, pair by pair; the same to the last byte
 */
export async function measureFirstByte({ folder, cpu }, far, size, samples) {
  const place = { folder: path.join(folder, `first-byte-${size}`), cpu };
  const serve = await startServe({ ...place, origin: far.origin, bucket: far.bucket });
  const sites = [far.origin, far.bucket, serve.url];
  const [origin, bucket, front] = await Promise.all(sites.map(openConnection));
  try {
    const rows = [];
    for (let sample = -WARM_UP; sample < samples; sample += 1) {
      const key = `/miss${size}/${sample}`;
      const own = await origin.ask(key);
      const absent = await bucket.ask(`/bucket${key}`);
      const served = await front.ask(key);
      if (served.mark !== 'MISS' || !served.equal || !served.whole) {
        throw new Error(`serve answered ${key} with ${JSON.stringify(served)}`);
      }
      if (sample >= 0) rows.push({ own, absent, served });
    }
    return {
      origin: spread(rows.map(({ own }) => own.firstMs)),
      bucket: spread(rows.map(({ absent }) => absent.firstMs)),
      serve: spread(rows.map(({ served }) => served.firstMs)),
      delay: spread(rows.map(({ own, served }) => served.firstMs - own.firstMs)),
      whole: spread(rows.map(({ own, served }) => served.lastMs - own.lastMs)),
    };
  } finally {
    for (const connection of [origin, bucket, front]) connection.close();
    await serve.close();
  }
}

function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5), p99: at(0.99) };
}
