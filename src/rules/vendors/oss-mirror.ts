import type { Fields } from './draft-rule.ts';
import { Noted } from './draft-rule.ts';
import type { HeaderLists } from './header-fields.ts';
import { headerFields, passesHeaders, passRemoveSet, warnLongLists } from './header-fields.ts';
import { shown } from './import-notes.ts';
import { ossKey } from './oss-key.ts';
import { ossMatch, ossMethods } from './oss-match.ts';
import { ossOrigins } from './oss-origins.ts';
import type { VendorSource } from './vendor-source.ts';

/** OSS's limit of each list of headers. */
const MAX_HEADERS = 10;

/** Fields of a mirror rule that have no counterpart, and why. */
const DROPPED: readonly (readonly [string, string])[] = [
  ['MirrorAsyncStatus', 'what the origin answers does not start a later copy'],
  ['MirrorSNI', 'the name of the TLS server is always sent'],
  ['MirrorUserLastModified', "S3 keeps its own time; the origin's stands in the metadata"],
  ['MirrorAllowGetImageInfo', 'images are not processed'],
  ['MirrorAllowVideoSnapshot', 'videos are not processed'],
  ['MirrorUsingRole', 'roles are not assumed; give the origin as s3://BUCKET with credentials'],
  ['MirrorRole', 'roles are not assumed; give the origin as s3://BUCKET with credentials'],
  ['MirrorIsExpressTunnel', 'bucketfill reaches origins from where it runs'],
  ['MirrorTunnelId', 'bucketfill reaches origins from where it runs'],
  ['MirrorDstRegion', 'bucketfill reaches origins from where it runs'],
  ['MirrorDstVpcId', 'bucketfill reaches origins from where it runs'],
  ['MirrorDstSlaveVpcId', 'bucketfill reaches origins from where it runs'],
  ['HttpRedirectCode', 'a mirror rule does not redirect'],
  ['HostName', 'MirrorURL is the address'],
  ['Protocol', 'MirrorURL is the address'],
  ['LuaConfig', 'scripts are not run'],
];

/**
 * A mirror rule of OSS.
 * @throws FatalError `usage` for what contradicts itself.
 */
export function ossMirror(
  redirect: VendorSource,
  condition: VendorSource | undefined,
  id: string,
): Fields {
  for (const [name, why] of DROPPED) redirect.drop(name, why);
  const lists = headerLists(redirect.field('MirrorHeaders'));
  const passQuery = passesQuery(redirect);
  const follows = redirect.optionalFlag('MirrorFollowRedirect') ?? true;
  return {
    id,
    match: { ...ossMatch(condition, 'mirror'), methods: ossMethods(redirect) },
    action:
      redirect.optionalFlag('MirrorProxyPass') === true
        ? new Noted('proxy', 'MirrorProxyPass: nothing is stored')
        : 'mirror',
    key: mirrorKey(redirect),
    origins: ossOrigins(redirect, id),
    request: {
      passQuery: passQuery ? true : undefined,
      followRedirects: follows ? undefined : false,
      headers: headerFields(lists, id),
    },
    response: {
      onError: new Noted(424, 'MirrorFailed, as OSS answers'),
      passStatuses: passedStatuses(redirect),
      setHeaders: pairs(redirect.field('MirrorReturnHeaders')?.all('ReturnHeader')),
      ossTag: new Noted(true, 'OSS marks what it mirrored with x-oss-tag'),
    },
    store: {
      userMetadata: storesUserMetadata(redirect),
      tags: pairs(redirect.field('MirrorTaggings')?.all('Taggings')),
      variants: passQuery || passesHeaders(lists) ? 'any' : undefined,
    },
  };
}

function headerLists(holder: VendorSource | undefined): HeaderLists {
  const lists = passRemoveSet(holder);
  if (holder !== undefined) warnLongLists(lists, MAX_HEADERS, holder);
  return lists;
}

function mirrorKey(redirect: VendorSource): Fields {
  const key = ossKey(redirect);
  if (key?.['fixed'] !== undefined) {
    throw redirect.problem('`ReplaceKeyWith` without ${key}: every key would be the same object');
  }
  const slashes = redirect.field('MirrorPassOriginalSlashes');
  if (slashes?.flag() !== true) return { ...key };
  slashes.warn('OSS stores such a key without its leading slashes, bucketfill as it is asked for');
  return { ...key, slashes: 'keepLeading' };
}

/** OSS's own field for mirrors is stronger than the one that redirects share. */
function passesQuery(redirect: VendorSource): boolean {
  const [own, shared] = ['MirrorPassQueryString', 'PassQueryString'].map((name) =>
    redirect.optionalFlag(name),
  );
  if (own !== undefined && shared !== undefined && own !== shared) {
    redirect.warn('MirrorPassQueryString decides; PassQueryString says otherwise');
  }
  return own ?? shared ?? false;
}

function storesUserMetadata(redirect: VendorSource): Noted | undefined {
  if (redirect.optionalFlag('MirrorCheckMd5') === false) {
    redirect.warn('MirrorCheckMd5 is false, but a Content-MD5 of the origin is always checked');
  }
  if (redirect.optionalFlag('MirrorSaveOssMeta') === true) return undefined;
  return new Noted(false, 'OSS keeps seven headers, and metadata only with MirrorSaveOssMeta');
}

function passedStatuses(redirect: VendorSource): readonly number[] | undefined {
  const source = redirect.field('TransparentMirrorResponseCodes');
  const codes = (source?.text() ?? '')
    .split(',')
    .map((code) => code.trim())
    .filter((code) => code !== '');
  const wrong = codes.find((code) => !/^[3-5]\d\d$/.test(code));
  if (wrong !== undefined) source?.warn('dropped: codes that are not from 300 to 599');
  const passed = new Set(codes.filter((code) => /^[3-5]\d\d$/.test(code)).map(Number));
  return passed.size === 0 ? undefined : [...passed];
}

function pairs(sources: readonly VendorSource[] = []): Fields {
  const entries = new Map<string, string>();
  for (const source of sources) {
    const key = source.needed('Key').text();
    if (key === '__proto__') throw source.problem('`Key`: cannot be this');
    if (entries.has(key)) throw source.problem(`\`${shown(key)}\` is set twice; keep one`);
    entries.set(key, source.optionalText('Value') ?? '');
  }
  return Object.fromEntries(entries);
}
