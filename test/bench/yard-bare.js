/* global URL */
/**
 * The limit of the platform: GET, sign, PUT, and nothing else. No checkpoint, no digests, no
 * retries, no events. With `digests`, the two of each body that a PUT over plain HTTP is to have: its
 * MD5, which the bucket's answer can be held against, and the SHA-256 in its signature.
 *
 * `node test/bench/yard-bare.js ORIGIN SINK KEYS CONCURRENCY [digests]`
 */
import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { Pool } from 'undici';

import { UNSIGNED_PAYLOAD, v4Signer } from '../../dist/s3/sign-v4.js';

const [origin, sink, keysFile, concurrency, digests] = process.argv.slice(2);
const KEYS = { accessKeyId: 'bench', secretAccessKey: 'bench-secret', sessionToken: undefined };

/** One request; its answer's whole body. */
function ask(pool, request) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    pool.dispatch(request, {
      onRequestStart: () => {},
      onResponseStart: (_, status) => {
        if (status !== 200) reject(new Error(`${request.path} was answered with ${status}`));
      },
      onResponseData: (_, chunk) => chunks.push(chunk),
      onResponseEnd: () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)),
      onResponseError: (_, error) => reject(error),
    });
  });
}

const keys = (await readFile(keysFile, 'utf8')).split('\n').filter(Boolean);
const { origin: originHost, pathname } = new URL(origin);
const { origin: sinkHost, host } = new URL(sink);
const options = { connections: Number(concurrency), pipelining: 1 };
const [from, to] = [new Pool(originHost, options), new Pool(sinkHost, options)];
const sign = v4Signer();

async function copy(key) {
  const get = {
    method: 'GET',
    path: `${pathname}${key}`,
    headers: { 'accept-encoding': 'identity' },
  };
  const body = await ask(from, get);
  const type = { 'content-type': 'application/octet-stream' };
  const unsigned = {
    method: 'PUT',
    path: `/bucket/${key}`,
    query: '',
    host,
    headers: digests === undefined ? type : { ...type, 'content-md5': hash('md5', body, 'base64') },
    payloadHash: digests === undefined ? UNSIGNED_PAYLOAD : hash('sha256', body, 'hex'),
  };
  const headers = sign(unsigned, { keys: KEYS, region: 'us-east-1', nowMs: Date.now() });
  await ask(to, { method: 'PUT', path: unsigned.path, headers, body });
}

let next = 0;
async function work() {
  while (next < keys.length) await copy(keys[next++]);
}
await Promise.all(Array.from({ length: Number(concurrency) }, work));
await Promise.all([from.close(), to.close()]);
