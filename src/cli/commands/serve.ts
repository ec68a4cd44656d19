import { randomUUID } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { byteBudget } from '../../guard/byte-budget.ts';
import { type ServeMetrics, serveMetrics } from '../../metrics/serve-metrics.ts';
import type { BodyMemory } from '../../model/body-memory.ts';
import type { Bucket } from '../../model/bucket.ts';
import { EXIT } from '../../model/exit-code.ts';
import { FatalError } from '../../model/failure.ts';
import type { Rules } from '../../model/rule.ts';
import type { Log } from '../../report/log.ts';
import { type AdminSettings, openAdmin } from '../../serve/admin/admin.ts';
import { CutoverGauge } from '../../serve/gauge/cutover-gauge.ts';
import { Fills } from '../../serve/fills.ts';
import { type Front, type FrontAddress, openFront } from '../../serve/front.ts';
import { NegativeCache } from '../../serve/negative-cache.ts';
import { keepPromises } from '../../serve/keep-promises.ts';
import { PromisedFills } from '../../serve/promised-fills.ts';
import { ServeTallies } from '../../serve/admin/serve-tallies.ts';
import type { Serving } from '../../serve/serving.ts';
import { type SpoolSpace, spoolSpace } from '../../serve/spool/spool-space.ts';
import { watchBucketHealth } from '../bucket-health.ts';
import { Cleanup } from '../cleanup.ts';
import { loadRules } from '../load-rules.ts';
import { logTo } from '../log-to.ts';
import { ReloadableRules, type ReloadSettings } from '../rules-in-force.ts';
import type { LogOptions } from '../run-options.ts';
import { adminToken, adminView } from '../serve-admin.ts';
import { openServeBucket } from '../serve-bucket.ts';
import { ServeEvents } from '../serve-events.ts';
import { servePrefetch } from '../serve-prefetch.ts';
import { openServeRules } from '../serve-rules.ts';
import { abortLeftUploads, openServeShared, type ServeShared } from '../serve-shared.ts';
import { type ServeListeners, ServeWatch } from '../serve-watch.ts';
import { stateDirectory } from '../state-directory.ts';
import { type Stop, stoppable } from '../stop-signals.ts';
import type { Surroundings } from '../surroundings.ts';
import { version } from '../version.ts';

export interface ServeOptions extends LogOptions {
  readonly listen: FrontAddress;
  readonly admin: FrontAddress | 'off';
  readonly adminTokenFile?: string;
  readonly state?: string;
  /** Bytes of bodies on their way into the bucket, all together. */
  readonly memory: number;
  /** Bytes of bodies on disk between origin and clients; absent: half of what is free. */
  readonly spool?: number;
  readonly json?: true;
  readonly allowPrivate?: true;
}

/** What a body may have in memory in any case before it goes to disk. */
const SPOOL_MEMORY_BYTES = 256 * 1024;
/** Of `--memory`, what bodies may have beyond that, so that few of them touch the disk. */
const SPOOL_SHARE = 0.25;
/** For the answers and fetches under way when it is told to stop. */
const DRAIN_MS = 30_000;

/** A command line, read. */
interface ServeCommand {
  readonly rulesFile: string;
  readonly rules: Rules;
  readonly options: ServeOptions;
  readonly surroundings: Surroundings;
  readonly stop: Stop;
  readonly log: Log;
}

/** `bucketfill serve`: answers reads from the bucket, and fetches what it lacks. */
export async function serve(
  rulesFile: string,
  options: ServeOptions,
  surroundings: Surroundings,
): Promise<number> {
  const rules = await loadRules(rulesFile, surroundings, options.quiet === true);
  const log = logTo(surroundings, options);
  const cleanup = new Cleanup();
  return stoppable(surroundings, log, (stop) =>
    cleanup.around(async () => {
      await run({ rulesFile, rules, options, surroundings, stop, log }, cleanup);
      return EXIT.complete;
    }),
  );
}

async function run(command: ServeCommand, cleanup: Cleanup): Promise<void> {
  const { rulesFile, options, rules, surroundings, stop, log } = command;
  const onTrouble = (error: unknown): void => {
    if (!stop.abort.aborted) log.warn(error instanceof Error ? error.message : String(error));
  };
  const token = await adminToken(options.adminTokenFile, surroundings);
  const base = await openBase(command, onTrouble, cleanup);
  const listeners = await openListeners(command, base, onTrouble, cleanup);
  const watch = new ServeWatch(listeners);
  const opened: { front?: Front } = {};
  const settled = async (): Promise<void> => {
    await Promise.all([opened.front?.underWayNow(), base.fills.underWayNow()]);
  };
  const { vendorDocuments: documents } = base.shared;
  const reloadable = await openReloadable(command, watch, { documents, settled, onTrouble });
  cleanup.add(() => reloadable.close());
  const serving: Serving = {
    ...base,
    inForce: reloadable.inForce,
    promised: new PromisedFills(base.shared.pending, onTrouble),
    clock: surroundings.clock,
    steadyClock: surroundings.steadyClock,
    name: randomUUID(),
    onOriginRequest: watch.originRequest,
    onFilled: watch.filled,
  };
  const bucket = watchBucketHealth(base.bucket, surroundings.clock, stop.drain);
  const { drain: draining } = stop;
  const subjects = { serving, bucket: rules.bucket, rulesFile, drain: draining, onTrouble };
  const prefetch = servePrefetch(subjects, surroundings);
  const shown = { ...listeners, serving, bucket, rules: reloadable, drain: draining, prefetch };
  const view = adminView(shown);
  await openAdminPort(command, { view, token, onTrouble }, cleanup);
  const front = await listening('--listen', options.listen, () =>
    openFront({ listen: options.listen, serving, onServed: watch.served }),
  );
  opened.front = front;
  log.info(`serve: answers on ${urlOf(front.address)} for ${rules.bucket.url}`);
  const unhook = surroundings.onReload(() => {
    reload(reloadable, log).catch(onTrouble);
  });
  keepPromises(serving).catch(onTrouble);
  abortLeftUploads(base, base.bucket, stop.drain, log.warn).catch(onTrouble);
  await aborted(stop.drain);
  unhook();
  await drain(front, base.fills, command);
}

async function openListeners(
  { options, rules, surroundings, log }: ServeCommand,
  { shared, metrics }: Pick<Base, 'shared' | 'metrics'>,
  onTrouble: (error: unknown) => void,
  cleanup: Cleanup,
): Promise<ServeListeners> {
  const { clock } = surroundings;
  const gauge = await CutoverGauge.open({ store: shared.gauge, clock, onTrouble });
  cleanup.add(() => gauge.stop());
  const about = { version, startedMs: clock.now(), bucket: rules.bucket.url };
  return {
    events: new ServeEvents(options, surroundings, log),
    metrics,
    tallies: new ServeTallies(about, () => clock.now()),
    gauge,
  };
}

async function openReloadable(
  { rulesFile, rules, options, surroundings, stop, log }: ServeCommand,
  watch: ServeWatch,
  behind: Pick<ReloadSettings, 'documents' | 'settled' | 'onTrouble'>,
): Promise<ReloadableRules> {
  const { cwd } = surroundings;
  const told = { answered: watch.originAnswered, state: watch.originState };
  const allowPrivate = options.allowPrivate === true;
  const open = (read: Rules) =>
    openServeRules(read, rulesFile, allowPrivate, told, surroundings, stop.abort);
  const settings = { rulesFile, cwd, open, allowPrivate, warn: log.warn, ...behind };
  return ReloadableRules.open(settings, rules);
}

async function openAdminPort(
  { options, log }: ServeCommand,
  settings: Omit<AdminSettings, 'listen'>,
  cleanup: Cleanup,
): Promise<void> {
  const { admin: listen } = options;
  if (listen === 'off') return;
  const admin = await listening('--admin', listen, () => openAdmin({ listen, ...settings }));
  cleanup.add(() => admin.close());
  log.info(`serve: status page on ${urlOf(admin.address)}`);
}

interface Base extends ServeShared {
  readonly bucket: Bucket;
  readonly memory: BodyMemory;
  readonly spools: SpoolSpace;
  readonly fills: Fills;
  readonly negative: NegativeCache;
  readonly metrics: ServeMetrics;
}

/** What serving takes, whatever the rules. */
async function openBase(
  { rulesFile, rules, options, surroundings, stop, log }: ServeCommand,
  onTrouble: (error: unknown) => void,
  cleanup: Cleanup,
): Promise<Base> {
  const stateDir = stateDirectory(rulesFile, options.state, surroundings);
  const memory = byteBudget(options.memory);
  const opened = await openServeBucket(
    rules.bucket,
    rulesFile,
    memory,
    stop,
    surroundings,
    log,
    cleanup,
  );
  const sharing = { stateDir, bucketId: opened.id, surroundings, drain: stop.drain, onTrouble };
  const shared = await openServeShared(sharing, cleanup);
  const spools = spoolSpace({
    directory: path.join(stateDir, 'spool'),
    memoryBytes: SPOOL_MEMORY_BYTES,
    sharedMemoryBytes: Math.floor(options.memory * SPOOL_SHARE),
    diskBytes: options.spool ?? (await halfOfFree(stateDir)),
  });
  const fills = new Fills(stop.abort);
  const negative = new NegativeCache(() => surroundings.steadyClock.now());
  const metrics = serveMetrics({
    spool: () => spools.usage(),
    negativeKeys: () => negative.size,
    fillsUnderWay: () => fills.count,
  });
  return { bucket: opened.bucket, memory, ...shared, spools, fills, negative, metrics };
}

async function halfOfFree(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return Math.floor((bavail * bsize) / 2);
}

async function listening<T>(
  flag: string,
  address: FrontAddress,
  open: () => Promise<T>,
): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const where = `${shownHost(address.host)}:${address.port}`;
    throw new FatalError('usage', `${flag} ${where}: can't be listened on: ${why}`, error);
  }
}

function urlOf({ host, port }: FrontAddress): string {
  return `http://${shownHost(host)}:${port}/`;
}

function shownHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

async function reload(rules: ReloadableRules, log: Log): Promise<void> {
  const done = await rules.reload();
  if (done.ok) log.info(`SIGHUP: ${done.rules} rules are in force`);
  else log.warn(`SIGHUP: the rules in force stay: ${done.problems.join('; ')}`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const onAbort = (): void => {
      resolve();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Answers who is there, and stores what is on its way, as far as that takes no longer than it may. */
async function drain(
  front: Front,
  fills: Fills,
  { stop, surroundings, log }: ServeCommand,
): Promise<void> {
  const [over, limit] = [new AbortController(), new AbortController()];
  surroundings.clock.sleep(DRAIN_MS, over.signal).then(
    () => {
      limit.abort(new Error(`not finished within ${DRAIN_MS / 1000} s`));
    },
    () => undefined,
  );
  const patience = AbortSignal.any([stop.abort, limit.signal]);
  await front.drain(patience);
  await Promise.race([fills.settled(), aborted(patience)]);
  over.abort(new Error('drained'));
  if (fills.count === 0) return;
  log.warn(`${fills.count} fetches were not finished; they begin again at the next request`);
  fills.cancelAll();
  await fills.settled();
}
