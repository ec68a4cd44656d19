import { inlineSecret, originUrlProblem, splitUrl } from '../origin-url-problem.ts';
import type { Fields, FieldValue } from './draft-rule.ts';
import { shown } from './import-notes.ts';
import type { VendorSource } from './vendor-source.ts';

export interface AddressOptions {
  /** The rule's id; it names the environment variable of an address that holds a secret. */
  readonly rule: string;
  /** Whether the vendor takes an address without a scheme for http. */
  readonly schemeMayLack?: boolean;
}

/**
 * An HTTP address as the rules file takes it; one that holds credentials becomes `{ env: NAME }`.
 * @throws FatalError `usage` for anything that is no http(s) URL.
 */
export function httpAddress(source: VendorSource, options: AddressOptions): FieldValue {
  const url = withScheme(source, options);
  const parts = splitUrl(url);
  if (parts === undefined || !['http', 'https'].includes(parts.scheme)) {
    throw source.problem('expected an address that starts with http:// or https://');
  }
  const isSecret = inlineSecret(parts) !== undefined;
  const problem = originUrlProblem(url, isSecret ? 'environment' : 'file');
  if (problem !== undefined) throw source.problem(problem);
  if (!isSecret) return url;
  const env = source.notes.envName(options.rule, 'origin_url');
  source.warn(`the address holds credentials: set ${env} to the whole URL`);
  return { env };
}

function withScheme(source: VendorSource, { schemeMayLack }: AddressOptions): string {
  const url = source.text().trim();
  if (url === '') throw source.problem('the address is empty');
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(url)) return url;
  if (schemeMayLack !== true) {
    throw source.problem('the address has no scheme; expected http:// or https://');
  }
  source.warn('the address has no scheme; http:// is taken');
  return `http://${url.replace(/^\/+/, '')}`;
}

/** A bucket behind an S3 interface. */
export interface BucketPlace {
  readonly bucket: string;
  readonly prefix: string;
  /** URL of the store. */
  readonly endpoint: string;
  readonly pathStyle: boolean;
}

/** Hosts of stores name their service in their first label, or belong to one of these domains. */
const STORE_LABEL = /^(s3|oss|cos|obs|tos|minio)([.-]|$)/i;
const STORE_DOMAIN =
  /(^|\.)(amazonaws\.com(\.cn)?|aliyuncs\.com|myqcloud\.com|bcebos\.com|volces\.com|myhuaweicloud\.(com|eu)|r2\.cloudflarestorage\.com|digitaloceanspaces\.com|backblazeb2\.com|wasabisys\.com)(:\d+)?$/i;

/** Bucket and store of a URL such as `https://bucket.s3.example/` or `https://store.example/bucket/`. */
export function bucketPlace(url: string): BucketPlace | undefined {
  const parts = splitUrl(url);
  if (parts === undefined || !['http', 'https'].includes(parts.scheme)) return undefined;
  const { scheme, authority, path } = parts;
  const [first = '', ...rest] = authority.split('.');
  const store = rest.join('.');
  const isHostOfBucket =
    rest.length > 1 &&
    !STORE_LABEL.test(authority) &&
    (STORE_LABEL.test(store) || STORE_DOMAIN.test(store));
  const below = path.replace(/^\//, '');
  if (isHostOfBucket) {
    const endpoint = `${scheme}://${store}`;
    return { bucket: first, prefix: below, endpoint, pathStyle: false };
  }
  const [bucket = '', ...deeper] = below.split('/');
  if (bucket === '') return undefined;
  const endpoint = `${scheme}://${authority}`;
  return { bucket, prefix: deeper.join('/'), endpoint, pathStyle: true };
}

/** Whether a URL names a store's region and no bucket in it, as `https://s3.eu-west-1.amazonaws.com`. */
export function isRegionOnly(url: string): boolean {
  const parts = splitUrl(url);
  if (parts === undefined || !['', '/'].includes(parts.path)) return false;
  return STORE_LABEL.test(parts.authority) && STORE_DOMAIN.test(parts.authority);
}

/** An S3 address whose keys stand in the environment; warns which variables to set. */
export function s3Address(
  source: VendorSource,
  place: Omit<BucketPlace, 'endpoint'> & { readonly endpoint: string | undefined },
  options: AddressOptions & { readonly region: string | undefined },
): Fields {
  const url = `s3://${place.bucket}/${place.prefix}`;
  const problem = originUrlProblem(url, 'file');
  if (problem !== undefined) throw source.problem(problem);
  const env = source.notes.envName(options.rule, 'origin');
  source.warn(
    `read from bucket ${shown(place.bucket)} with keys: set ${env}_ACCESS_KEY_ID and ${env}_SECRET_ACCESS_KEY`,
  );
  return {
    url,
    endpoint: place.endpoint,
    region: options.region ?? regionOf(place.endpoint),
    pathStyle: place.endpoint === undefined ? undefined : place.pathStyle,
    credentials: { env },
  };
}

/** AWS names the region in the host of the store: `s3.eu-central-1.amazonaws.com`. */
function regionOf(endpoint: string | undefined): string | undefined {
  return /\/\/s3[.-]([a-z]{2}-[a-z-]+-\d)\.amazonaws\.com/.exec(endpoint ?? '')?.[1];
}
