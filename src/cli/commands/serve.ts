import { randomUUID } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { byteBudget } from '../../guard/byte-budget.ts';
import type { Bucket } from '../../model/bucket.ts';
import { EXIT } from '../../model/exit-code.ts';
import { FatalError } from '../../model/failure.ts';
import type { Rule, Rules } from '../../model/rule.ts';
import type { Log } from '../../report/log.ts';
import { resolveOriginUrl } from '../../rules/resolve-secret.ts';
import { Fills } from '../../serve/fills.ts';
import { type Front, type FrontAddress, openFront } from '../../serve/front.ts';
import { NegativeCache } from '../../serve/negative-cache.ts';
import type { RulesInForce, Serving } from '../../serve/serving.ts';
import { spoolSpace } from '../../serve/spool-space.ts';
import { Cleanup } from '../cleanup.ts';
import { loadRules } from '../load-rules.ts';
import { logTo } from '../log-to.ts';
import { openBucket } from '../open-bucket.ts';
import { openSources, type OpenedSources } from '../open-sources.ts';
import type { LogOptions } from '../run-options.ts';
import { ServeEvents } from '../serve-events.ts';
import { stateDirectory } from '../state-directory.ts';
import { type Stop, stoppable } from '../stop-signals.ts';
import type { Surroundings } from '../surroundings.ts';

export interface ServeOptions extends LogOptions {
  readonly listen: FrontAddress;
  readonly state?: string;
  /** Bytes of bodies on their way into the bucket, all together. */
  readonly memory: number;
  /** Bytes of bodies on disk between origin and clients; absent: half of what is free. */
  readonly spool?: number;
  readonly json?: true;
  readonly allowPrivate?: true;
}

/** Connections to one host, and to the bucket, at once. */
const CONNECTIONS = 1024;
/** What a body may have in memory before it goes to disk. */
const SPOOL_MEMORY_BYTES = 256 * 1024;
/** A client is told of the bucket's trouble rather than kept waiting. */
const READ_ATTEMPTS = 2;
/** For the answers and fetches under way when it is told to stop. */
const DRAIN_MS = 30_000;

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
      const command = { rules, rulesFile, options, surroundings, stop, log };
      const serving = await openServing(command, cleanup);
      const events = new ServeEvents(options, surroundings, log);
      const front = await listen(options.listen, { ...serving, onFilled: events.filled }, events);
      const { host, port } = front.address;
      log.info(`serve: answers on http://${shownHost(host)}:${port}/ for ${rules.bucket.url}`);
      await aborted(stop.drain);
      await drain(front, serving.fills, stop, log);
      return EXIT.complete;
    }),
  );
}

interface ServeCommand {
  readonly rules: Rules;
  readonly rulesFile: string;
  readonly options: ServeOptions;
  readonly surroundings: Surroundings;
  readonly stop: Stop;
  readonly log: Log;
}

async function openServing(
  { rules, rulesFile, options, surroundings, stop, log }: ServeCommand,
  cleanup: Cleanup,
): Promise<Omit<Serving, 'onFilled'>> {
  const { clock, cwd } = surroundings;
  const folder = path.dirname(path.resolve(cwd, rulesFile));
  const memory = byteBudget(options.memory);
  const means = { concurrency: CONNECTIONS, memory };
  const reading = { ...means, attempts: READ_ATTEMPTS };
  const reader = await openBucket(rules.bucket, folder, reading, stop.abort, surroundings, log);
  cleanup.add(() => reader.close());
  const writer = await openBucket(rules.bucket, folder, means, stop.abort, surroundings, log);
  cleanup.add(() => writer.close());
  await writer.check({ write: true, presence: true }, stop.drain);
  const sources = await openSources(
    {
      rules: rules.rules,
      asks: ({ action }) =>
        action === 'mirror' || action === 'redirectAndFetch' || action === 'proxy',
      patience: 'none',
      allowPrivate: rules.allowPrivate || options.allowPrivate === true,
      folder,
      concurrency: CONNECTIONS,
      rates: { bytesPerSecond: undefined, requestsPerSecond: undefined },
      onState: ({ origin, state, reason }) => {
        log.warn(`origin ${origin}: ${state} (${reason})`);
      },
      drain: stop.abort,
      onWaiting: log.info,
    },
    surroundings,
  );
  cleanup.add(() => sources.close());
  const spools = spoolSpace({
    directory: path.join(stateDirectory(rulesFile, options.state, surroundings), 'spool'),
    memoryBytes: SPOOL_MEMORY_BYTES,
    diskBytes: options.spool ?? (await halfOfFree(folder)),
  });
  const inForce = rulesInForce(rules, sources, surroundings);
  return {
    inForce: () => inForce,
    bucket: twoLanes(reader.bucket, writer.bucket),
    fills: new Fills(stop.abort),
    negative: new NegativeCache(() => clock.now()),
    spools,
    memory,
    clock,
    name: randomUUID(),
    onOriginRequest: () => undefined,
  };
}

/** Reads that fail soon, writes that wait for a bucket that is away for a while. */
function twoLanes(reader: Bucket, writer: Bucket): Bucket {
  return {
    ...writer,
    head: (key, signal) => reader.head(key, signal),
    read: (key, take, signal, options) => reader.read(key, take, signal, options),
  };
}

function rulesInForce(
  { rules }: Rules,
  { byRule }: OpenedSources,
  { env }: Surroundings,
): RulesInForce {
  const bases = rules.flatMap((rule): [string, string][] => {
    const base = redirectBase(rule, env);
    return base === undefined ? [] : [[rule.id, base]];
  });
  return { rules, sources: byRule, redirectBases: new Map(bases) };
}

/** The first master's URL, for rules that may send clients there. */
function redirectBase(rule: Rule, env: Surroundings['env']): string | undefined {
  const [master] = rule.origins?.masters ?? [];
  const sends = rule.action.startsWith('redirect') || rule.afterMiss === 'redirect';
  if (master === undefined || !sends) return undefined;
  return resolveOriginUrl(master.url, env, `rule ${rule.id}, origins.masters[0]`);
}

async function halfOfFree(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return Math.floor((bavail * bsize) / 2);
}

async function listen(
  address: FrontAddress,
  serving: Serving,
  events: ServeEvents,
): Promise<Front> {
  try {
    return await openFront({ listen: address, serving, onServed: events.served });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const where = `${shownHost(address.host)}:${address.port}`;
    throw new FatalError('usage', `--listen ${where}: can't be listened on: ${why}`, error);
  }
}

function shownHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else {
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
    }
  });
}

/** Answers who is there, and stores what is on its way, as far as that takes no longer than it may. */
async function drain(front: Front, fills: Fills, stop: Stop, log: Log): Promise<void> {
  const patience = AbortSignal.any([stop.abort, AbortSignal.timeout(DRAIN_MS)]);
  await front.drain(patience);
  await Promise.race([fills.settled(), aborted(patience)]);
  if (fills.count > 0) {
    log.warn(`${fills.count} fetches were not finished; they begin again at the next request`);
    fills.cancelAll();
    await fills.settled();
  }
}
