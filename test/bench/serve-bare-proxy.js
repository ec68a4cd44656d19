/* global URL */
import { Buffer } from 'node:buffer';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';

import { EMPTY_PAYLOAD, UNSIGNED_PAYLOAD, v4Signer } from '../../dist/s3/sign-v4.js';
import { onCpu, stop } from './serve-process.js';

const KEYS = { accessKeyId: 'bench', secretAccessKey: 'bench-secret', sessionToken: undefined };
const CONNECTIONS = 1024;

/** What is of one connection, and so never passed on. */
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date']);

/** Sends an answer to a client as it comes, at the client's pace; `also` sees its bytes. */
class Passing {
  #response;
  #also;
  #onAbsent;
  #isDropped = false;

  constructor(response, { also, onAbsent } = {}) {
    this.#response = response;
    this.#also = also;
    this.#onAbsent = onAbsent;
  }

  onRequestStart(controller) {
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) controller.abort(new Error('the client left'));
    });
    this.#response.on('drain', () => controller.resume());
  }

  onResponseStart(_, status, headers) {
    this.#isDropped = status === 404 && this.#onAbsent !== undefined;
    if (this.#isDropped) return;
    const passed = [];
    for (const name in headers) if (!OF_CONNECTION.has(name)) passed.push(name, headers[name]);
    this.#response.writeHead(status, passed);
  }

  onResponseData(controller, chunk) {
    if (this.#isDropped) return;
    this.#also?.push(chunk);
    if (!this.#response.write(chunk)) controller.pause();
  }

  onResponseEnd() {
    if (this.#isDropped) this.#onAbsent();
    else this.#response.end();
  }

  onResponseError() {
    this.#response.destroy();
  }
}

/**
 * What the platform can do: each read is one signed GET by undici's `dispatch`, and what the bucket
 * lacks is sent from the origin and put into the bucket unhashed. Nothing is looked at, checked,
 * shared, repeated or counted.
 */
function serve(origin, bucket) {
  const options = { connections: CONNECTIONS, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 };
  const [origins, buckets] = [new Pool(origin, options), new Pool(bucket, options)];
  const { host } = new URL(bucket);
  const sign = v4Signer();
  const signed = (method, path, payloadHash) => ({
    host,
    ...sign(
      { method, path, query: '', host, headers: {}, payloadHash },
      { keys: KEYS, region: 'us-east-1', nowMs: Date.now() },
    ),
  });

  const put = async (path, chunks) => {
    const headers = signed('PUT', path, UNSIGNED_PAYLOAD);
    const body = Buffer.concat(chunks);
    const answer = await buckets.request({ method: 'PUT', path, headers, body });
    await answer.body.dump();
  };

  const server = createServer((request, response) => {
    const path = `/bucket${request.url}`;
    const fetchMiss = () => {
      const chunks = [];
      response.once('finish', () => put(path, chunks));
      origins.dispatch(
        { method: 'GET', path: request.url },
        new Passing(response, { also: chunks }),
      );
    };
    const headers = signed('GET', path, EMPTY_PAYLOAD);
    buckets.dispatch(
      { method: 'GET', path, headers },
      new Passing(response, { onAbsent: fetchMiss }),
    );
  });
  process.on('disconnect', () => process.exit());
  server.keepAliveTimeout = 75_000;
  server.listen(0, '127.0.0.1', 4096, () => process.send?.({ port: server.address().port }));
}

/** Starts it in a process of its own. */
export async function startBareProxy({ origin, bucket, cpu }) {
  const [execPath, [...execArgv]] = onCpu(cpu, process.execPath, []);
  const child = fork(OWN_FILE, [origin, bucket], { execPath, execArgv });
  const [{ port }] = await once(child, 'message');
  return { url: `http://127.0.0.1:${port}`, pid: child.pid, close: () => stop(child) };
}

const OWN_FILE = fileURLToPath(import.meta.url);
if (process.argv[1] === OWN_FILE) serve(...process.argv.slice(2));
