import path from 'node:path';

import { startBareProxy } from './serve-bare-proxy.js';
import { openConnection } from './serve-connection.js';
import { startServe } from './serve-process.js';
import { sharedNowMs, startStampingOrigin } from './serve-stamping-origin.js';

/** Samples that do not count: connections and code are warm behind them. */
const WARM_UP = 500;

/**
 * Asks for objects one by one, over one kept connection each: the origin itself, and then, cold,
 * serve and the bare proxy. What counts is how long after the origin sent its first byte a client
 * has one; what a proxy does before it asks the origin, the look into the bucket first of all, is
 * in the time of the whole miss.
 * @returns {Promise<Record<'origin' | 'bucket' | 'serve' | 'after' | 'bareAfter' | 'delay' | 'bareDelay' | 'whole', { p50: number, p99: number }>>}
 *   milliseconds: to the first byte from the origin; to the bucket's 404; to the first byte from
 *   serve; from the origin's sending of its first byte to the client's having one, of serve and of
 *   the bare proxy; serve's and the bare proxy's time to the first byte minus the origin's, pair by
 *   pair; the same of serve to the last byte
 */
export async function measureFirstByte({ folder, cpu }, far, size, samples) {
  const stamping = await startStampingOrigin();
  const place = { folder: path.join(folder, `first-byte-${size}`), cpu };
  const sides = { origin: stamping.url, bucket: far.bucket };
  const serve = await startServe({ ...place, ...sides });
  const bare = await startBareProxy({ cpu, ...sides });
  const sites = [stamping.url, far.bucket, serve.url, bare.url];
  const connections = await Promise.all(sites.map(openConnection));
  const [origin, bucket, front, bareFront] = connections;
  const miss = async (connection, key) => {
    const askedMs = sharedNowMs();
    const read = await connection.ask(key);
    if (!read.equal || !read.whole) throw new Error(`${key} came as ${JSON.stringify(read)}`);
    return { ...read, afterMs: askedMs + read.firstMs - (await stamping.sentMs()) };
  };
  try {
    const rows = [];
    for (let sample = -WARM_UP; sample < samples; sample += 1) {
      const key = `/miss${size}/${sample}`;
      const own = await origin.ask(key);
      const absent = await bucket.ask(`/bucket${key}`);
      const served = await miss(front, key);
      if (served.mark !== 'MISS') throw new Error(`serve called ${key} a ${served.mark}`);
      const passed = await miss(bareFront, key);
      if (sample >= 0) rows.push({ own, absent, served, passed });
    }
    return {
      origin: spread(rows.map(({ own }) => own.firstMs)),
      bucket: spread(rows.map(({ absent }) => absent.firstMs)),
      serve: spread(rows.map(({ served }) => served.firstMs)),
      after: spread(rows.map(({ served }) => served.afterMs)),
      bareAfter: spread(rows.map(({ passed }) => passed.afterMs)),
      delay: spread(rows.map(({ own, served }) => served.firstMs - own.firstMs)),
      bareDelay: spread(rows.map(({ own, passed }) => passed.firstMs - own.firstMs)),
      whole: spread(rows.map(({ own, served }) => served.lastMs - own.lastMs)),
    };
  } finally {
    for (const connection of connections) connection.close();
    await Promise.all([serve.close(), bare.close(), stamping.close()]);
  }
}

function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5), p99: at(0.99) };
}
