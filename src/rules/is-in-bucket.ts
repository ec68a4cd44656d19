import type { BucketSettings, S3Settings } from '../model/rule.ts';
import { splitUrl } from './origin-url-problem.ts';
import { s3Location } from './s3-origin-key.ts';

/** Hosts of AWS's S3 itself, and of its websites: the endpoint where none is set. */
const AWS_HOST = /^s3(?:-website)?(?:[.-][a-z0-9.-]+)?\.amazonaws\.com(?:\.cn)?$/;

/** The one name of all AWS hosts: a bucket is the same by each of them. */
const AWS = 's3.amazonaws.com';

/**
 * Whether an origin's URL leads to just the place that objects are stored in: the same bucket and
 * prefix of the same store, as `s3://`, in a path or in the host's name.
 * @param s3 how the origin is spoken to; undefined for HTTP
 */
export function isInBucket(
  url: string,
  s3: S3Settings | undefined,
  { location, endpoint }: BucketSettings,
): boolean {
  if (location.kind === 'file') return false;
  const host = storeHost(endpoint);
  const origin = s3Location(url);
  if (origin !== undefined) {
    const isSame = storeHost(s3?.endpoint) === host && origin.bucket === location.bucket;
    return isSame && asFolder(origin.prefix) === location.prefix;
  }
  const parts = splitUrl(url);
  if (parts === undefined) return false;
  const authority = parts.authority.slice(parts.authority.lastIndexOf('@') + 1).toLowerCase();
  const own = `${location.bucket}.`;
  const base = authority.startsWith(own)
    ? { host: oneName(authority.slice(own.length)), path: parts.path }
    : { host: oneName(authority), path: withoutBucket(parts.path, location.bucket) };
  return base.host === host && base.path !== undefined && folderOf(base.path) === location.prefix;
}

function storeHost(endpoint: string | undefined): string {
  return endpoint === undefined
    ? AWS
    : oneName((splitUrl(endpoint)?.authority ?? '').toLowerCase());
}

function oneName(authority: string): string {
  const host = authority.replace(/:(?:80|443)$/, '');
  return AWS_HOST.test(host) ? AWS : host;
}

/** What follows `/BUCKET`; undefined where the path is another bucket's. */
function withoutBucket(path: string, bucket: string): string | undefined {
  const folder = `/${bucket}`;
  if (path === folder) return '';
  return path.startsWith(`${folder}/`) ? path.slice(folder.length) : undefined;
}

function folderOf(path: string): string {
  return asFolder(path.replace(/^\//, ''));
}

function asFolder(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}
