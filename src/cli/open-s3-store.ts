import path from 'node:path';
import process from 'node:process';
import { calculateRetryDelay } from '../guard/calculate-retry-delay.ts';
import { sleepUnlessDraining } from '../guard/sleep-unless-draining.ts';
import { proxySettings } from '../http/choose-proxy.ts';
import { httpClient } from '../http/http-client.ts';
import type { S3Settings, Timeouts } from '../model/rule.ts';
import { keySource } from '../s3/key-source.ts';
import { openS3Store } from '../s3/open-s3-store.ts';
import { silenceSdkWarnings } from '../s3/silence-sdk-warnings.ts';
import type { S3Store } from '../s3/s3-store.ts';
import { readPem } from './read-pem.ts';
import type { Surroundings } from './surroundings.ts';
import { version } from './version.ts';

/** One bucket of a store, as a bucket or as an origin. */
export interface StoreAddress {
  /** As shown to people: `s3://bucket/`. */
  readonly name: string;
  readonly bucket: string;
  readonly settings: S3Settings;
  readonly role: 'bucket' | 'origin';
  readonly allowPrivate: boolean;
  readonly timeouts: Timeouts;
  /** Connections to the store at once. */
  readonly connections: number;
  /** Requests for one call, the first included. */
  readonly attempts: number;
  /** As in `HttpClientSettings`. */
  readonly lendsReads?: boolean;
  /** Aborts when the run is to stop: there is no next request then. */
  readonly drain: AbortSignal;
}

const RETRY_BASE_MS = 200;
const RETRY_MAX_MS = 30_000;

/**
 * Opens a store over connections of its own.
 * @param folder where a relative `ca` starts
 * @throws FatalError `usage` for variables that are not set and files that can't be read.
 */
export async function openStore(
  address: StoreAddress,
  folder: string,
  { env, clock }: Surroundings,
): Promise<S3Store> {
  const { name, bucket, settings, role, allowPrivate, timeouts, connections } = address;
  const { endpoint, region, pathStyle, credentials, requesterPays } = settings;
  silenceSdkWarnings(process.env);
  const ca =
    settings.ca === undefined
      ? undefined
      : await readPem(path.resolve(folder, settings.ca), `${role} ${name}: ca`);
  const http = httpClient({
    connections,
    timeouts,
    allowPrivate,
    proxies: proxySettings(env),
    userAgent: `bucketfill/${version}`,
    lendsReads: address.lendsReads,
  });
  const unusable = role === 'bucket' ? 'bucket-unusable' : 'origins-unusable';
  const keys = keySource({ credentials, env, subject: `${role} ${name}`, unusable, clock });
  const store = openS3Store({
    name,
    endpoint,
    region,
    bucket,
    pathStyle,
    keys,
    requesterPays,
    http,
    identity: { ca },
    clock: {
      now: () => clock.now(),
      sleep: (ms, signal) => sleepUnlessDraining(clock, ms, signal, address.drain),
    },
    retry: {
      attempts: address.attempts,
      delayMs: (failures, retryAfterMs) =>
        calculateRetryDelay(
          { failures, baseMs: RETRY_BASE_MS, maxMs: RETRY_MAX_MS, retryAfterMs },
          clock.random(),
        ),
    },
  });
  return {
    ...store,
    close: async () => {
      await store.close();
      await http.close();
    },
  };
}
