import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { openConnection } from './serve-connection.js';
import { startLargeFarSide } from './serve-far-side.js';
import { peakRssMiB, settledCpuS, startServe, stop } from './serve-process.js';

/** For the upload to end behind the last client. */
const MOST_STORE_LOOKS = 600;
const LOOK_MS = 100;

/** Many clients at once, in a process of their own. */
async function askAtOnce(site, key, clients) {
  const connections = await Promise.all(
    Array.from({ length: clients }, () => openConnection(site)),
  );
  const startMs = Date.now();
  const answers = await Promise.all(connections.map(({ ask }) => ask(key)));
  const elapsedMs = Date.now() - startMs;
  const bytes = answers.reduce((all, answer) => all + answer.bytes, 0);
  const equal = answers.filter(({ whole, equal }) => whole && equal).length;
  const marks = answers.map(({ status, mark }) => `${status} ${mark}`);
  process.send?.({ elapsedMs, bytes, equal, marks });
  process.disconnect();
}

/**
 * Lets `clients` ask for one cold object of `mib` MiB at the same moment.
 * @returns {Promise<{ clients: number, mib: number, originGets: number, bucketGets: number, equal: number, rssMiB: number, seconds: number, bytes: number, stored: boolean, marks: Record<string, number> }>}
 *   equal: clients whose answer was whole and, byte for byte, the origin's
 */
export async function runHerd({ folder, cpu, profiles }, clients, mib) {
  const far = await startLargeFarSide();
  const place = { folder: path.join(folder, `herd-${mib}`), cpu, profiles };
  const serve = await startServe({ ...place, origin: far.origin, bucket: far.bucket });
  try {
    const child = fork(OWN_FILE, [serve.url, `/${mib}/cold`, String(clients)]);
    const [seen] = await once(child, 'message');
    await stop(child);
    const counts = await storedCounts(far, mib * 1024 ** 2);
    const marks = {};
    for (const mark of seen.marks) marks[mark] = (marks[mark] ?? 0) + 1;
    return {
      clients,
      mib,
      marks,
      originGets: counts.originGets,
      bucketGets: counts.bucketGets,
      stored: counts.stored === mib * 1024 ** 2,
      equal: seen.equal,
      bytes: seen.bytes,
      seconds: seen.elapsedMs / 1000,
      rssMiB: await peakRssMiB(serve.pid),
      cpuS: await settledCpuS(serve.pid),
    };
  } finally {
    await serve.close();
    await far.close();
  }
}

async function storedCounts(far, bytes) {
  for (let looks = 1; ; looks += 1) {
    const counts = await far.counts();
    if (counts.stored >= bytes || looks >= MOST_STORE_LOOKS) return counts;
    await sleep(LOOK_MS);
  }
}

const OWN_FILE = fileURLToPath(import.meta.url);
if (process.argv[1] === OWN_FILE) {
  const [site, key, clients] = process.argv.slice(2);
  await askAtOnce(site, key, Number(clients));
}
