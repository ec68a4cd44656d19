import { isIP } from 'node:net';

import { targetUrl, type TargetUrl } from '../http/target-url.ts';
import { FatalError } from '../model/failure.ts';
import { canonicalQuery, encodeKey, encodeUri, type QueryPair } from './encode-uri.ts';

/** Where a bucket is asked. */
export interface BucketPlace {
  /** `https://host[:port][/base]`; undefined for AWS. */
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly bucket: string;
  /** The bucket is the path's first segment; else the host's first label. */
  readonly pathStyle: boolean;
}

/** One request's URL, whole for the HTTP client and in the pieces that get signed. */
export interface RequestUrl {
  readonly target: TargetUrl;
  /** Percent-encoded, from `/` on, without the query. */
  readonly path: string;
  /** As `canonicalQuery` writes it; '' for none. */
  readonly query: string;
}

/** @param key undefined for the bucket itself. */
export type LocateRequest = (key: string | undefined, query: readonly QueryPair[]) => RequestUrl;

/** Regions whose names start so have hosts of their own. */
const CHINA = /^cn-/;

/** Bucket names that a host's label can be: the rules of AWS, which lower-casing can't break. */
const HOST_LABELS = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;

/** AWS's host for S3 in a region. */
export function awsEndpoint(region: string): string {
  return `https://s3.${region}.amazonaws.com${CHINA.test(region) ? '.cn' : ''}`;
}

/**
 * Finds out once how the requests of one bucket are addressed. Keys go on the wire exactly as they
 * are, percent-encoded, dot segments and doubled slashes included: S3 resolves nothing.
 * @throws FatalError `usage` for an endpoint that is no URL, and for a bucket whose name can't
 * stand in a host.
 */
export function requestUrls(place: BucketPlace): LocateRequest {
  const { bucket, pathStyle } = place;
  const base = baseTarget(place);
  const basePath = base.path.replace(/\/+$/, '');
  const site = pathStyle ? base : ofBucket(base, bucket);
  const root = pathStyle ? `${basePath}/${encodeUri(bucket)}` : basePath;
  return (key, pairs) => {
    const path = key === undefined ? root || '/' : `${root}/${encodeKey(key)}`;
    const query = canonicalQuery(pairs);
    return { target: targetAt(site, query === '' ? path : `${path}?${query}`), path, query };
  };
}

/** Field by field: a spread takes many times as long, and every request comes by here. */
function targetAt(
  { scheme, hostname, port, authority, site, authorization }: TargetUrl,
  path: string,
): TargetUrl {
  return { scheme, hostname, port, authority, site, path, authorization };
}

function baseTarget({ endpoint, region, bucket }: BucketPlace): TargetUrl {
  const target = targetUrl(endpoint ?? awsEndpoint(region));
  if (target !== undefined && !target.path.includes('?')) {
    return { ...target, authorization: undefined };
  }
  const line = `bucket s3://${bucket}/: its endpoint is no plain http or https URL, got a value of ${String((endpoint ?? region).length)} characters: write it as https://host[:port]`;
  throw new FatalError('usage', line);
}

/** The site whose host starts with the bucket's name. */
function ofBucket(base: TargetUrl, bucket: string): TargetUrl {
  const problem = hostProblem(base, bucket);
  if (problem !== undefined) {
    const line = `bucket s3://${bucket}/: ${problem}: set \`pathStyle: true\``;
    throw new FatalError('usage', line);
  }
  const target = targetUrl(`${base.scheme}://${bucket}.${base.authority}`);
  if (target !== undefined) return { ...target, authorization: undefined };
  throw new FatalError('usage', `bucket s3://${bucket}/: no host name can hold that name`);
}

function hostProblem(base: TargetUrl, bucket: string): string | undefined {
  if (isIP(base.hostname) !== 0) {
    return `a bucket's name can't stand before the address ${base.hostname}`;
  }
  if (!HOST_LABELS.test(bucket) || bucket.includes('..')) {
    return "the bucket's name can't be part of a host name";
  }
  return base.scheme === 'https' && bucket.includes('.')
    ? 'no wildcard certificate covers a bucket name with dots before the host'
    : undefined;
}
