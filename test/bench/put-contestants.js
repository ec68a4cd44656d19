import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Buffer } from 'node:buffer';
import process from 'node:process';

import { httpClient } from '../../dist/http/http-client.js';
import { openS3Store } from '../../dist/s3/open-s3-store.js';
import { silenceSdkWarnings } from '../../dist/s3/silence-sdk-warnings.js';

const KEYS = { accessKeyId: 'bench', secretAccessKey: 'benchbench', sessionToken: undefined };
const BODY = Buffer.alloc(4096, 'x');
const METADATA = { 'bucketfill-etag': '"v1"' };

/** Our own lane, as a run opens it; `signal` is the run's. */
export function openOwnLane(endpoint, connections, signal) {
  const http = httpClient({
    connections,
    timeouts: { connectMs: 5_000, firstByteMs: 10_000, idleMs: 30_000 },
    allowPrivate: true,
    proxies: { http: undefined, https: undefined, none: undefined },
    userAgent: 'bucketfill/bench',
  });
  const store = openS3Store({
    name: 's3://bench/',
    endpoint,
    region: 'us-east-1',
    bucket: 'bench',
    pathStyle: true,
    keys: () => Promise.resolve(KEYS),
    requesterPays: false,
    http,
    identity: {},
    clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
    retry: { attempts: 1, delayMs: () => 0 },
  });
  const headers = { 'content-type': 'image/jpeg', 'x-amz-meta-bucketfill-etag': '"v1"' };
  return {
    put: (key) =>
      store.send({ method: 'PUT', key, query: [], headers, body: BODY }, etagOf, signal),
    close: async () => {
      await store.close();
      await http.close();
    },
  };
}

function etagOf({ headers }) {
  return Promise.resolve(headers.etag);
}

/** client-s3 with the settings that suit it best here: kept connections, no checksums. */
export function openSdkLane(endpoint, connections) {
  silenceSdkWarnings(process.env);
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: KEYS,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { httpAgent: { keepAlive: true, maxSockets: connections } },
  });
  return {
    put: async (key) => {
      const input = {
        Bucket: 'bench',
        Key: key,
        Body: BODY,
        ContentType: 'image/jpeg',
        Metadata: METADATA,
      };
      const { ETag } = await client.send(new PutObjectCommand(input));
      return ETag;
    },
    close: () => client.destroy(),
  };
}

/** Puts `count` objects, `concurrency` at once, and makes sure that each was answered. */
export async function putAll(put, count, concurrency) {
  let next = 0;
  const work = async () => {
    while (next < count) {
      const etag = await put(`folder/object-${next++}.jpg`);
      if (etag !== '"0"') throw new Error(`a PUT was answered with the ETag ${etag}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}
