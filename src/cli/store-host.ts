import type { S3Settings } from '../model/rule.ts';

/** Whom requests for a bucket go to: what shares a host shares what holds it back. */
export function storeHost({ endpoint, region }: S3Settings, bucket: string): string {
  // AWS gives each bucket a host of its own; other stores are one server for all of theirs.
  return endpoint === undefined ? `${bucket}.s3.${region}` : new URL(endpoint).host;
}
