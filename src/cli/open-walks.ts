import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OriginEvent } from '../model/event.ts';
import { Failure, FatalError } from '../model/failure.ts';
import type { Rule } from '../model/rule.ts';
import type { OriginWalk } from '../model/walk.ts';
import { originPrefix } from '../rules/origin-prefix.ts';
import { resolveSecret } from '../rules/resolve-secret.ts';
import type { ScanTarget } from '../run/scan/walk-place.ts';
import type { ListWalk } from '../scan/walk/key-list-walk.ts';
import { BELOW_FOLDER, type IndexAddress, indexAddress } from './index-address.ts';
import { type ListAddress, listAddress } from './list-address.ts';
import type { Hosts } from './open-hosts.ts';
import { IndexWalks } from './open-index-walk.ts';
import type { OpenedListing } from './open-s3-walk.ts';
import { openSources, type OpenedSources } from './open-sources.ts';
import type { PickedSource } from './scan-sources.ts';
import type { Surroundings } from './surroundings.ts';

export interface WalkSettings {
  readonly allowPrivate: boolean;
  /** Where relative paths of the rules file start. */
  readonly folder: string;
  readonly concurrency: number;
  /** Of the whole run, where no `hosts` bring theirs. */
  readonly requestsPerSecond: number | undefined;
  /** The limits of the run's hosts, where it talks to them for objects as well. */
  readonly hosts?: Hosts | undefined;
  readonly ignoreRobots: boolean;
  readonly onState: (event: OriginEvent) => void;
  readonly onWaiting: (line: string) => void;
  /** Aborts when the run is to stop. */
  readonly drain: AbortSignal;
}

/** What a scan walks, opened. */
export interface OpenedWalks {
  readonly targets: readonly ScanTarget[];
  /** Finds out whether every origin answers. @throws FatalError `origins-unusable`, `usage`. */
  readonly check: (signal: AbortSignal) => Promise<void>;
  /** Requests sent so far. */
  readonly requests: () => number;
  readonly close: () => Promise<void>;
}

/** What a source walks. */
type Walked =
  | { readonly kind: 'index'; readonly at: IndexAddress }
  | { readonly kind: 'list'; readonly at: ListAddress }
  | { readonly kind: 's3' }
  | { readonly kind: 'directory'; readonly root: string };

/** What the walks of a run share. */
interface Means {
  readonly settings: WalkSettings;
  readonly surroundings: Surroundings;
  readonly sources: OpenedSources;
  readonly indexes: IndexWalks;
  readonly listings: OpenedListing[];
  readonly lists: [label: string, walk: ListWalk][];
  readonly onRequest: () => void;
}

/**
 * Opens the walks of a scan; whatever is asked by HTTP is behind the guards that `migrate` has.
 * @throws FatalError `usage`.
 */
export async function openWalks(
  picked: readonly PickedSource[],
  settings: WalkSettings,
  surroundings: Surroundings,
): Promise<OpenedWalks> {
  const walked = picked.map((source): [PickedSource, Walked] => [
    source,
    walkedBy(source, settings, surroundings),
  ]);
  const sources = await openAddresses(walked, settings, surroundings);
  const counter = { requests: 0 };
  const onRequest = (): void => {
    counter.requests += 1;
  };
  const indexes = new IndexWalks(settings.ignoreRobots, onRequest, surroundings.env);
  const opened = { indexes, listings: [], lists: [], onRequest };
  const means: Means = { ...opened, settings, surroundings, sources };
  const targets: ScanTarget[] = [];
  for (const [source, what] of walked) targets.push(await targetOf(source, what, means));
  const { listings, lists } = means;
  return {
    targets,
    check: async (signal) => {
      await Promise.all([sources.check(signal), ...listings.map(({ check }) => check(signal))]);
      // Lists are fetched from origins that answer.
      for (const [label, walk] of lists) await checkList(label, walk, signal);
    },
    requests: () => listings.reduce((sum, { requests }) => sum + requests(), counter.requests),
    close: async () => {
      const walks = [...listings, ...lists.map(([, walk]) => ({ walk }))];
      await Promise.all([sources.close(), ...walks.map(({ walk }) => walk.close())]);
    },
  };
}

function walkedBy(source: PickedSource, { folder }: WalkSettings, { env }: Surroundings): Walked {
  switch (source.from) {
    case 'httpIndex':
      return { kind: 'index', at: indexAddress(source, env) };
    case 'sitemap':
      // Its own URL names the sitemap; what that names hangs on the rule's address.
      return { kind: 'index', at: indexAddress({ ...source, url: undefined }, env) };
    case 'keys':
    case 's3Inventory':
      return { kind: 'list', at: listAddress(source, folder, env) };
    case 's3':
      return { kind: 's3' };
    case 'directory':
      return { kind: 'directory', root: directoryOf(source, folder, env) };
  }
}

async function targetOf(source: PickedSource, walked: Walked, means: Means): Promise<ScanTarget> {
  const { rule, from, below } = source;
  const walk = await openWalk(source, walked, means);
  // What a list of the bucket's own keys holds is no place that could be passed over.
  if (from === 'keys') return { rule, walk, names: 'keys' };
  const within = below === '' ? undefined : originPrefix(rule, below);
  return { rule, walk, names: 'originKeys', within };
}

async function openWalk(source: PickedSource, walked: Walked, means: Means): Promise<OriginWalk> {
  const { settings, surroundings, sources, indexes, listings, lists, onRequest } = means;
  const { label } = source;
  const opened = sources.byRule.get(label);
  switch (walked.kind) {
    case 'index':
      return indexes.open(source, walked.at, opened);
    case 'list': {
      const list = { opened, onRequest, note: settings.onWaiting };
      const { openListWalk } = await import('./open-list-walk.ts');
      const walk = openListWalk(source, walked.at, list, surroundings);
      lists.push([label, walk]);
      return walk;
    }
    case 's3': {
      const { openS3Walk } = await import('./open-s3-walk.ts');
      const listing = await openS3Walk(source, settings, sources.hosts, surroundings);
      listings.push(listing);
      return listing.walk;
    }
    case 'directory': {
      const { directoryWalk } = await import('../scan/walk/directory.ts');
      return directoryWalk(walked.root, () => surroundings.clock.now());
    }
  }
}

/** Each address as the only one of a rule of its own, which is called as the source is. */
async function openAddresses(
  walked: readonly (readonly [PickedSource, Walked])[],
  settings: WalkSettings,
  surroundings: Surroundings,
): Promise<OpenedSources> {
  const rules = walked.flatMap(([{ rule, label }, what]): Rule[] => {
    const address = 'at' in what && 'address' in what.at ? what.at.address : undefined;
    const { origins } = rule;
    if (address === undefined || origins === undefined) return [];
    const alone = { ...origins, select: 'ordered' as const, masters: [address], slaves: [] };
    // What is asked for is no key of the rule: it stands as it is.
    return [
      { ...rule, id: label, key: BELOW_FOLDER, origins: { ...alone, healthCheck: undefined } },
    ];
  });
  const { requestsPerSecond, ...others } = settings;
  return openSources(
    {
      ...others,
      rules,
      asks: () => true,
      patience: 'giveUpAfter',
      rates: { bytesPerSecond: undefined, requestsPerSecond },
    },
    surroundings,
  );
}

/** @throws FatalError `origins-unusable` where it can't be fetched, `usage` where it is no list. */
async function checkList(label: string, walk: ListWalk, signal: AbortSignal): Promise<void> {
  try {
    await walk.check(signal);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const line = `rule ${label}: the list can't be fetched: ${error.message}`;
    throw new FatalError('origins-unusable', line, error);
  }
}

function directoryOf(
  { url, label }: PickedSource,
  folder: string,
  env: Surroundings['env'],
): string {
  const text = url === undefined ? '.' : resolveSecret(url, env, `rule ${label}, url`);
  if (/^file:\/\//i.test(text)) return fileURLToPath(text);
  return path.resolve(folder, text.replace(/^file:/i, ''));
}
