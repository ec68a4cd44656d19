import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import type { RealStore } from './s3-server.ts';

const CHANGER = fileURLToPath(new URL('change_bucket.py', import.meta.url));
const DIGESTER = fileURLToPath(new URL('../../samples/completeness-digest.py', import.meta.url));

/** What somebody else does to an object of a bucket; `spoil` leaves its metadata as it was. */
export type Order =
  | { readonly put: string; readonly body: string }
  | { readonly spoil: string; readonly body: string }
  | { readonly delete: string };

/** Obeys the orders, in no order. @throws Error with what the store said against one of them */
export async function changeBucket(
  store: RealStore,
  bucket: string,
  orders: readonly Order[],
): Promise<void> {
  const lines = orders.map((order) => `${JSON.stringify(order)}\n`).join('');
  await python(store, [CHANGER, store.endpoint, bucket], lines);
}

/** What `samples/completeness-digest.py` makes of a bucket. */
export async function sampleDigest(
  store: RealStore,
  level: string,
  bucket: string,
): Promise<string> {
  const said = await python(store, [DIGESTER, level, `s3://${bucket}`, store.endpoint], '');
  return said.trim();
}

/** Runs the python of the system, which is the one that has boto3, and gives its stdout. */
async function python(store: RealStore, args: readonly string[], stdin: string): Promise<string> {
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: store.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
    AWS_DEFAULT_REGION: store.region,
  };
  const child = spawn('/usr/bin/python3', args, { env });
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (child.exitCode !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return stdout;
}
