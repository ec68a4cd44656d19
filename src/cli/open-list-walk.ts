import { FatalError } from '../model/failure.ts';
import { originName } from '../rules/origin-name.ts';
import { originPrefix } from '../rules/origin-prefix.ts';
import { resolveOriginUrl } from '../rules/resolve-secret.ts';
import { s3Location } from '../rules/s3-origin-key.ts';
import { fetchedListFiles } from '../scan/walk/fetched-list-files.ts';
import { type InventoryFrame, inventoryWalk } from '../scan/walk/inventory-walk.ts';
import { keyListWalk, type ListWalk } from '../scan/walk/key-list-walk.ts';
import { type ListFiles, localListFiles } from '../scan/walk/list-files.ts';
import type { RuleSource } from '../transfer/rule-source.ts';
import type { ListAddress } from './list-address.ts';
import { joinedPrefix } from './listing-address.ts';
import type { PickedSource } from './scan-sources.ts';
import type { Surroundings } from './surroundings.ts';

/** What a list is read with. */
export interface ListMeans {
  /** Who is asked for it, behind the guards; undefined for a file of this machine. */
  readonly opened: RuleSource | undefined;
  /** Told of each request. */
  readonly onRequest: () => void;
  /** Told of what is passed over. */
  readonly note: (line: string) => void;
}

/** Opens the walk of a list, or of an inventory. */
export function openListWalk(
  source: PickedSource,
  address: ListAddress,
  means: ListMeans,
  { env }: Surroundings,
): ListWalk {
  const files = filesOf(address, means);
  if (source.from === 'keys') return keyListWalk(files, means.note);
  return inventoryWalk({ files, frame: (bucket) => frameOf(source, bucket, env) });
}

function filesOf(address: ListAddress, { opened, onRequest }: ListMeans): ListFiles {
  if ('path' in address) return localListFiles(address.path);
  if (opened === undefined) throw new Error(`nobody was opened for ${address.name}`);
  const { headers, secrets } = opened.headers;
  const own = address.isOwn && address.main.url !== undefined;
  return fetchedListFiles({
    ...address,
    origin: opened.origin,
    request: { headers: own ? headers : {}, secretHeaders: secrets, onRequest },
  });
}

/**
 * How origin keys hang on the bucket that an inventory lists: as below the `s3://` master of that
 * bucket; where the rule has none, a site shows the bucket, whose keys are its paths.
 */
function frameOf(
  source: PickedSource,
  bucket: string | undefined,
  env: Surroundings['env'],
): InventoryFrame {
  const { rule, label } = source;
  const from = originPrefix(rule);
  const stores = (rule.origins?.masters ?? []).flatMap(({ url, s3 }, index) => {
    if (s3 === undefined) return [];
    const where = `rule ${rule.id}, origins.masters[${index}]`;
    const location = s3Location(resolveOriginUrl(url, env, where));
    return location === undefined ? [] : [location];
  });
  const [first] = stores;
  if (first === undefined) return { base: '', from };
  const listed = bucket === undefined ? first : stores.find((one) => one.bucket === bucket);
  if (listed !== undefined) return { base: joinedPrefix(listed.prefix, source), from };
  const names = stores.map((one) => originName(`s3://${one.bucket}/`)).join(', ');
  throw new FatalError(
    'usage',
    `rule ${label}: the inventory lists the bucket ${JSON.stringify(bucket)}, expected one of the rule's s3:// masters: ${names}`,
  );
}
