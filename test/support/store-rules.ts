import type { S3Double } from './s3-double.ts';

/** Lets commands into a double by `credentials: { env: DEST }`. */
export const STORE_ENV = { DEST_ACCESS_KEY_ID: 'test', DEST_SECRET_ACCESS_KEY: 'testtest' };

/** A rules file for the double's `bucket`, in flow style, with what else it says. */
function storeRules({ endpoint }: S3Double, more: string): string {
  return `version: 1
allowPrivate: true
bucket: { url: "s3://bucket", endpoint: "${endpoint}", credentials: { env: DEST } }
${more}`;
}

/**
 * One rule whose objects over 5 MiB go up in parts of 5 MiB, one after another.
 * @param origins further fields of its origins, in flow style
 */
export function multipartRules(store: S3Double, master: string, origins = ''): string {
  return storeRules(
    store,
    `rules:
  - id: all
    origins: { masters: ["${master}"], ${origins} }
    store: { multipart: { threshold: 5MiB, partSize: 5MiB, concurrency: 1 } }
`,
  );
}

/** Rules for a proxy whose breakers never open and whose retries take no time. */
export function servedRules(store: S3Double, master: string, rules: string): string {
  return storeRules(
    store,
    `defaults:
  protect: { breaker: { minimumCalls: 1000 } }
  origins: { masters: ["${master}"], retries: { base: 1ms, max: 2ms } }
rules:
${rules}`,
  );
}
