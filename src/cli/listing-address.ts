import { FatalError } from '../model/failure.ts';
import type { S3Settings } from '../model/rule.ts';
import { originPrefix } from '../rules/origin-prefix.ts';
import { type Environment, resolveOriginUrl } from '../rules/resolve-secret.ts';
import { s3Location } from '../rules/s3-origin-key.ts';
import type { PickedSource } from './scan-sources.ts';

/** Which part of which bucket is listed, and how keys hang on it. */
export interface ListingAddress {
  readonly bucket: string;
  readonly settings: S3Settings;
  /** What the whole key of every origin key begins with. */
  readonly base: string;
  /** What every origin key that is looked for begins with. */
  readonly from: string;
}

/**
 * The bucket of a source. As with index pages, origin keys count from a master's address where the
 * source's URL is that address or below it; else the URL stands for the address, and is asked as
 * the first `s3://` master is. Without a URL it is that master, and only what the rule's keys can
 * be is listed.
 * @throws FatalError `usage` where there is no such address.
 */
export function listingAddress(source: PickedSource, env: Environment): ListingAddress {
  const { rule, url, below, label } = source;
  const { masters = [] } = rule.origins ?? {};
  const sought = originPrefix(rule, below);
  const bases = masters.flatMap((address, index): ListingAddress[] => {
    if (address.s3 === undefined) return [];
    const where = `rule ${rule.id}, origins.masters[${index}]`;
    const location = s3Location(resolveOriginUrl(address.url, env, where));
    if (location === undefined) throw notS3(label);
    const { bucket, prefix } = location;
    const settings = address.s3;
    return [{ bucket, settings, base: joinedPrefix(prefix, source), from: sought }];
  });
  const [first] = bases;
  if (first === undefined) throw notS3(label);
  if (url === undefined) return first;
  const location = s3Location(resolveOriginUrl(url, env, `rule ${label}, url`));
  if (location === undefined) throw notS3(label);
  const { bucket } = location;
  const given = joinedPrefix(location.prefix, source);
  const above = bases.find((one) => one.bucket === bucket && given.startsWith(one.base));
  // The URL says where to look; what keys are asked for may say it closer.
  const narrow = (from: string): string =>
    below !== '' && sought.startsWith(from) ? sought : from;
  if (above !== undefined) return { ...above, from: narrow(given.slice(above.base.length)) };
  return { ...first, bucket, base: given, from: narrow('') };
}

/** A prefix of a bucket as the rule joins keys to it. */
export function joinedPrefix(prefix: string, { rule }: PickedSource): string {
  return prefix === '' || prefix.endsWith('/') || rule.key.slashes === 'raw'
    ? prefix
    : `${prefix}/`;
}

function notS3(label: string): FatalError {
  return new FatalError(
    'usage',
    `rule ${label}: a scan from s3 needs an s3:// address among the rule's masters, which says how the store is asked`,
  );
}
