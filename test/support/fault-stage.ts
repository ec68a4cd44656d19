import type { ServeStatus } from '../../src/model/serve-status.ts';
import { type Answer, ask, type Asked } from './ask.ts';
import { faultOrigin, type FaultOrigin } from './fault-origin.ts';
import { type S3Double, startS3Double } from './s3-double.ts';
import { serveHere, type ServeHere } from './serve-here.ts';
import { servedRules, STORE_ENV } from './store-rules.ts';
import { type Workplace, workplace } from './workplace.ts';

/** A proxy between an origin and a store that both do what they are told, right or wrong. */
export interface FaultStage {
  readonly site: FaultOrigin;
  readonly store: S3Double;
  readonly proxy: ServeHere;
  /** Asks, waits until all of it is over, and says what was seen from every side. */
  readonly play: (key: string, asked: Asked, right: RightBytes) => Promise<Seen>;
  readonly close: () => Promise<void>;
}

/** What a client, or the bucket, may have of a key: names of whole objects. */
export type RightBytes = Readonly<Record<string, Uint8Array>>;

/**
 * What became of one request, in words:
 *
 * - `client`: its status, then the name of the whole object that it got, `part` for the part that
 *   it asked for, `nothing`, the error's code, `cut` where the connection broke, `later` where it
 *   was told when to come again; `broken` where it broke before any status
 * - `stored`: the name of the object that the bucket has, or `nothing`
 * - `told`: what the metrics counted, as {@link counted} words it
 */
export interface Seen {
  readonly client: string;
  readonly stored: string;
  readonly told: readonly string[];
}

/** @param rules in flow style; their first master is the stage's site */
export async function faultStage(rules: string): Promise<FaultStage> {
  const [site, store] = await Promise.all([faultOrigin(), startS3Double()]);
  const place: Workplace = await workplace(servedRules(store, `${site.url}/`, rules));
  const proxy = await serveHere(place, { args: ['--admin', '127.0.0.1:0'], env: STORE_ENV });
  const [, admin = ''] = /status page on (http:\S+)\//.exec(proxy.log()) ?? [];
  const look = async (): Promise<Figures> => figuresOf(admin);
  return {
    site,
    store,
    proxy,
    play: async (key, asked, right) => {
      const before = await look();
      const answer = await ask(proxy.url, `/${key}`, asked).catch(() => undefined);
      const after = await settled(look, before);
      const object = store.bucket('bucket').objects.get(key);
      return {
        client: answer === undefined ? 'broken' : seenByClient(answer, asked, right),
        stored: object === undefined ? 'nothing' : nameOf(object.bytes, right),
        told: counted(before, after),
      };
    },
    close: async () => {
      await proxy.stop();
      await Promise.all([site.close(), store.close(), place.remove()]);
    },
  };
}

function nameOf(bytes: Uint8Array, right: RightBytes): string {
  const found = Object.entries(right).find(([, whole]) => Buffer.compare(bytes, whole) === 0);
  return found?.[0] ?? `WRONG BYTES (${bytes.length})`;
}

function seenByClient(answer: Answer, asked: Asked, right: RightBytes): string {
  const later = answer.headers['retry-after'] === undefined ? '' : ' later';
  return `${answer.status} ${bodySeen(answer, asked, right)}${later}`;
}

function bodySeen({ status, body, text, cut }: Answer, asked: Asked, right: RightBytes): string {
  const [, code] = /<Code>(\w+)<\/Code>/.exec(text) ?? [];
  if (code !== undefined) return code;
  if (body.length === 0 && (asked.method === 'HEAD' || status !== 200)) return 'nothing';
  const [from, to] = status === 206 ? partAsked(asked) : [0, Infinity];
  const due = (whole: Uint8Array): Uint8Array =>
    whole.subarray(from, cut ? from + body.length : Math.min(to, whole.length));
  const of = Object.entries(right).find(([, whole]) => Buffer.compare(body, due(whole)) === 0);
  if (of === undefined) return `WRONG BYTES (${body.length})`;
  if (cut) return 'cut';
  return status === 206 ? 'part' : of[0];
}

/** @returns the first byte, and the one behind the last */
function partAsked({ headers }: Asked): readonly [number, number] {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(String(headers?.['range'])) ?? [];
  return [Number(first), Number(last) + 1];
}

/** The counters of `/metrics`, and what `/api/status` adds up. */
interface Figures {
  readonly counters: ReadonlyMap<string, number>;
  readonly inFlight: number;
  readonly status: ServeStatus;
}

async function figuresOf(admin: string): Promise<Figures> {
  const [metrics, status] = await Promise.all(
    ['/metrics', '/api/status'].map((path) => fetch(`${admin}${path}`)),
  );
  const lines = (await metrics?.text())?.split('\n') ?? [];
  const numbers = lines.flatMap((line): [string, number][] => {
    const [, name, value] = /^(bucketfill_\S*?(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, Number(value)]];
  });
  const counters = new Map(numbers);
  return {
    counters,
    inFlight: counters.get('bucketfill_fills_in_flight') ?? NaN,
    status: (await status?.json()) as ServeStatus,
  };
}

/** The figures when one more request was answered and no fetch is under way. */
async function settled(look: () => Promise<Figures>, before: Figures): Promise<Figures> {
  for (;;) {
    const now = await look();
    const isAnswered = now.status.totals.requests > before.status.totals.requests;
    if (isAnswered && now.inFlight === 0) return now;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** How the counters are worded; what is not here is not told. */
const WORDS: readonly (readonly [counter: RegExp, words: string])[] = [
  [
    /^bucketfill_requests_total\{method="(\w+)",rule=".*",outcome="(\w+)",status="(\w+)"\}/,
    '$1 $2 $3',
  ],
  [/^bucketfill_cut_answers_total\{/, 'cut'],
  [/^bucketfill_failures_total\{of="(\w+)",code="(\w+)"\}/, '$1 $2'],
  [/^bucketfill_fills_total\{rule="\w+",outcome="(\w+)"\}/, 'fill $1'],
  [/^bucketfill_filled_bytes_total\{/, 'bytes filled:'],
  [/^bucketfill_origin_requests_total\{/, 'asked'],
];

/**
 * What was counted between two looks, sorted: `GET miss 2xx` for the answer, `cut`, `request` and
 * `fill` with the failure's code, `fill` with its outcome, how often the origin was `asked`, where
 * that was more than once, and the bytes that were stored.
 * @throws where the status page says otherwise than the metrics
 */
function counted(before: Figures, after: Figures): readonly string[] {
  const changes = [...after.counters].flatMap(([name, value]): [string, number][] => {
    const by = value - (before.counters.get(name) ?? 0);
    const worded = WORDS.find(([counter]) => counter.test(name));
    if (by === 0 || worded === undefined) return [];
    const [counter, words] = worded;
    return [[(counter.exec(name)?.[0] ?? '').replace(counter, words), by]];
  });
  assertAlike(before.status, after.status, new Map(changes));
  const told = changes.flatMap(([words, by]) => {
    if (words === 'asked' && by === 1) return [];
    return [by === 1 ? words : `${words} ${by}`];
  });
  return told.sort();
}

function assertAlike(
  before: ServeStatus,
  after: ServeStatus,
  counters: ReadonlyMap<string, number>,
): void {
  const sum = (of: (words: string) => boolean): number =>
    [...counters].reduce((total, [words, by]) => total + (of(words) ? by : 0), 0);
  const isTrouble = (kind: string) => (words: string) =>
    words.startsWith(`${kind} `) && /[A-Z]{3}/.test(words) && !words.endsWith('ORIGIN_NOT_FOUND');
  const failures = ({ rules }: ServeStatus): number =>
    rules.reduce((total, rule) => total + rule.failures, 0);
  const asked = ({ origins }: ServeStatus): number =>
    origins.reduce((total, origin) => total + origin.requests, 0);
  const pairs: readonly (readonly [what: string, status: number, metrics: number])[] = [
    ['cut', after.totals.cut - before.totals.cut, sum((words) => words === 'cut')],
    ['errors', after.totals.errors - before.totals.errors, sum(isTrouble('request'))],
    ['failures', failures(after) - failures(before), sum((words) => words === 'fill failed')],
    ['asked', asked(after) - asked(before), sum((words) => words === 'asked')],
  ];
  for (const [what, status, metrics] of pairs) {
    if (what === 'failures' && sum((words) => words === 'fill ORIGIN_NOT_FOUND') > 0) continue;
    if (status !== metrics) {
      throw new Error(`the status says ${status} ${what} and the metrics ${metrics}`);
    }
  }
}
