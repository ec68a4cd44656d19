import { Failure, type FailureCode } from '../model/failure.ts';
import type { AnswerReader, Origin, OriginRequest } from '../model/origin.ts';
import type { Clock } from '../model/ports.ts';
import { askOrder, type Place, putBehind } from './ask-order.ts';
import { asksAnotherAddress, type FailoverStatuses } from './asks-another-address.ts';
import { breakerVerdict } from './breaker-verdict.ts';
import { concludeFailure } from './conclude-failure.ts';
import { describeReasons, firstAlive } from './first-alive.ts';
import type { GuardedOrigin } from './guarded-origin.ts';
import { isThrottle } from './is-throttle.ts';
import { mayRetry } from './may-retry.ts';
import { OriginUnavailable } from './origin-unavailable.ts';
import { sleepUnlessDraining } from './sleep-unless-draining.ts';
import { Outage } from './outage.ts';

export interface FailoverOptions extends FailoverStatuses {
  /** What has the addresses, for messages: `rule video`. */
  readonly name: string;
  /** Every address, the preferred first; called for each object. */
  readonly order: () => readonly GuardedOrigin[];
  /**
   * Whether an address is well, as far as a health check knows; absent: all are. One that is not
   * is asked behind all others.
   */
  readonly isWell?: ((address: GuardedOrigin) => boolean) | undefined;
  /** Addresses asked for one object. */
  readonly maxAddresses: number;
  /** So long may every address be down before the run ends. */
  readonly giveUpAfterMs: number;
  /** False where nobody can wait: a read then fails where it would wait. Absent: true. */
  readonly isPatient?: boolean;
  readonly clock: Clock;
  /** Aborts when the run is to stop: keys that wait then end with Interrupted. */
  readonly drain: AbortSignal;
  /** Told in a line when every address is down and keys begin to wait. */
  readonly onWaiting?: (message: string) => void;
  /** Told when a key begins to wait, and when that is over; as the request's own `onWait`. */
  readonly onWait?: (waiting: boolean) => void;
}

/** Failures that may mean that the address as a whole is not there. */
const CONNECTION_FAILURES: ReadonlySet<FailureCode> = new Set([
  'ORIGIN_UNREACHABLE',
  'ORIGIN_TIMEOUT',
]);

type Round<T> =
  | { readonly outcome: 'read'; readonly value: T }
  /** No address that was asked could be connected to; undefined where none could be asked. */
  | { readonly outcome: 'down'; readonly failure: Failure | undefined }
  /** Every address that was asked wants to be left alone, or could not be connected to. */
  | { readonly outcome: 'throttled'; readonly failure: Failure }
  /** What failed might pass, but every address that was asked is taken for down by now. */
  | { readonly outcome: 'shut'; readonly failure: Failure };

/** So often a key whose addresses were shut under it waits for them and starts over. */
const MAX_SHUT_ROUNDS = 3;

/** Pauses of a key whose addresses all throttle: they double from one to the next. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/**
 * Makes one origin of a rule's addresses: asks them in their order, passing over those that are
 * taken for down, until one gives the object, a failure says that no other would, or
 * `maxAddresses` were asked.
 *
 * Where every address throttles, the key waits as well, with growing pauses, for `giveUpAfterMs` in
 * all; then it fails, alone.
 *
 * A key never fails merely because all of its rule is down: where no address could be asked, or
 * none could be connected to and none answers a probe, its read waits (see {@link Outage}) and then
 * starts over. Where a probe finds an address alive, the object's own failure stands.
 */
export function failoverOrigin(options: FailoverOptions): Origin {
  const { name, order, giveUpAfterMs, clock, drain, onWaiting } = options;
  const outage = new Outage({ name, addresses: order, giveUpAfterMs, clock, drain, onWaiting });
  return {
    name,
    read: (request, reader, signal) => {
      const call = new Call(outage, request, reader, signal);
      return options.isPatient === false
        ? askOnce(options, outage, call)
        : askPatiently(options, outage, call);
    },
    async probe(signal) {
      const found = await firstAlive(order(), signal);
      if (!found.alive) throw noneAlive(name, found.reasons);
    },
    async close() {
      outage.close();
      await Promise.all(order().map(async (address) => address.close()));
    },
  };
}

/** Round after round, with waits between them, until the object is there or waiting can't help. */
async function askPatiently<T>(
  options: FailoverOptions,
  outage: Outage,
  call: Call<T>,
): Promise<T> {
  const { giveUpAfterMs, clock, drain } = options;
  const { signal } = call;
  const wait = () => whileWaiting(options, call, () => outage.wait(signal));
  let pausedMs = 0;
  let shutRounds = 0;
  for (let pauseMs = FIRST_PAUSE_MS; ;) {
    if (outage.ongoing) await wait();
    const round = await askInOrder(options, outage, call);
    if (round.outcome === 'read') return round.value;
    if (round.outcome === 'throttled') {
      if (pausedMs >= giveUpAfterMs) throw round.failure;
      const ms = Math.min(Math.max(pauseMs, round.failure.retryAfterMs ?? 0), MAX_PAUSE_MS);
      await whileWaiting(options, call, () => sleepUnlessDraining(clock, ms, signal, drain));
      pausedMs += ms;
      pauseMs *= 2;
      continue;
    }
    if (round.outcome === 'shut') {
      shutRounds += 1;
      if (shutRounds > MAX_SHUT_ROUNDS) throw round.failure;
      await wait();
      continue;
    }
    if (round.failure !== undefined && (await outage.anyAlive(signal))) throw round.failure;
    await wait();
  }
}

/** One round, whatever it comes to. */
async function askOnce<T>(options: FailoverOptions, outage: Outage, call: Call<T>): Promise<T> {
  const round = await askInOrder(options, outage, call);
  if (round.outcome === 'read') return round.value;
  if (round.failure !== undefined) throw round.failure;
  const why = 'every address is taken for down, or at its limit';
  throw new Failure('ORIGIN_UNREACHABLE', `${options.name}: can't be asked now: ${why}`);
}

/** Tells whoever asked that the read does not get on meanwhile. */
async function whileWaiting(
  { onWait }: FailoverOptions,
  { request }: Call<unknown>,
  wait: () => Promise<void>,
): Promise<void> {
  request.onWait?.(true);
  onWait?.(true);
  try {
    await wait();
  } finally {
    request.onWait?.(false);
    onWait?.(false);
  }
}

/** One object to be read. */
class Call<T> {
  readonly request: OriginRequest;
  readonly reader: AnswerReader<T>;
  readonly signal: AbortSignal;

  constructor(
    outage: Outage,
    request: OriginRequest,
    reader: AnswerReader<T>,
    signal: AbortSignal,
  ) {
    this.request = request;
    this.signal = signal;
    this.reader = (answer) => {
      outage.answered();
      return reader(answer);
    };
  }
}

async function askInOrder<T>(
  options: FailoverOptions,
  outage: Outage,
  call: Call<T>,
): Promise<Round<T>> {
  const failures: Failure[] = [];
  const skipped: string[] = [];
  const asked: Place[] = [];
  const places = askOrder(options, call.request);
  let last = places.length;
  let refusal: Failure | undefined;
  for (const place of places) {
    const { address, rank } = place;
    if (rank > last || failures.length >= options.maxAddresses) continue;
    const asking = askOne(address, outage, call);
    const failure = asking instanceof Promise ? await asking : asking;
    if (!(failure instanceof Failure)) return failure;
    if (failure instanceof OriginUnavailable) {
      skipped.push(address.name);
      continue;
    }
    failures.push(failure);
    asked.push(place);
    if (asksAnotherAddress(failure, options)) continue;
    if (!mayDifferElsewhere(failure)) throw failure;
    last = rank;
    if (isRefusal(failure)) refusal ??= failure;
  }
  if (refusal !== undefined) throw refusal;
  skipped.push(...putBehind(places, asked, skipped));
  return judgeRound(failures, skipped, !asked.some(({ address }) => address.available()));
}

/** Whether an address that ranks before may do better, whatever the rule says of statuses. */
function mayDifferElsewhere(failure: Failure): boolean {
  const isAnswer = asksAnotherAddress(failure, { retryOn: ['4XX', '5XX'], neverRetryOn: [] });
  return isAnswer || isThrottle(failure);
}

/** Whether the failure stands, whatever else is asked in vain. */
function isRefusal(failure: Failure): boolean {
  return failure.code !== 'ORIGIN_NOT_FOUND' && !isThrottle(failure);
}

/** What a round without a result comes to. @throws Failure where waiting would not help. */
function judgeRound(
  failures: readonly Failure[],
  skipped: readonly string[],
  isShut: boolean,
): Round<never> {
  if (failures.length === 0) return { outcome: 'down', failure: undefined };
  const failure = concludeFailure({ failures, skipped });
  const isDown = failures.map(({ code }) => CONNECTION_FAILURES.has(code));
  if (!isDown.includes(false)) return { outcome: 'down', failure };
  const passes = failures.every((one, index) => isDown[index] === true || isThrottle(one));
  if (passes) return { outcome: 'throttled', failure };
  if (isShut && failures.every(mayRetry)) return { outcome: 'shut', failure };
  throw failure;
}

/** What the address gave, or the Failure that it ended in; throws everything else. */
function askOne<T>(
  address: GuardedOrigin,
  outage: Outage,
  { request, reader, signal }: Call<T>,
): Promise<Round<T> | Failure> | Failure {
  if (!address.available()) return new OriginUnavailable(address.name);
  return address.read(request, reader, signal).then(readRound, (error: unknown) => {
    if (signal.aborted || !(error instanceof Failure)) throw error;
    if (error.status !== undefined && breakerVerdict(error, false) !== 'failure') outage.answered();
    return error;
  });
}

function readRound<T>(value: T): Round<T> {
  return { outcome: 'read', value };
}

function noneAlive(
  name: string,
  reasons: readonly { readonly origin: string; readonly failure: Failure }[],
): Failure {
  const [first] = reasons;
  const alike = reasons.every(({ failure }) => failure.code === first?.failure.code);
  const code = alike && first !== undefined ? first.failure.code : 'ORIGIN_UNREACHABLE';
  return new Failure(code, `no address of ${name} answers: ${describeReasons(reasons)}`, {
    origin: first?.origin,
    cause: first?.failure,
  });
}
