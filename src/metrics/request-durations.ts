import { Histogram, type Registry } from 'prom-client';
import { SECONDS } from './seconds.ts';

const NAME = 'bucketfill_request_duration_seconds';
const SETTINGS = {
  name: NAME,
  help: 'From a request to the end of its answer.',
  labelNames: ['outcome'],
  buckets: SECONDS,
} as const;

/** The answers of one outcome. */
interface Cell {
  readonly outcome: string;
  /** By the first bound that is not below them. */
  readonly counts: number[];
  sum: number;
  count: number;
}

type Collected = Awaited<ReturnType<Histogram<'outcome' | 'le'>['get']>>;

/**
 * How long answers take. Every answer is counted here, so its place is found by one look into a map;
 * prom-client's own `observe` checks and joins the labels each time.
 */
export class RequestDurations extends Histogram<'outcome' | 'le'> {
  readonly #cells = new Map<string, Cell>();
  /** Says what is not a value. */
  readonly #frame = new Histogram<'outcome' | 'le'>({ ...SETTINGS, registers: [] });

  constructor(registry: Registry) {
    super({ ...SETTINGS, registers: [registry] });
  }

  record(outcome: string, seconds: number): void {
    const cell = this.#cells.get(outcome) ?? this.#open(outcome);
    cell.sum += seconds;
    cell.count += 1;
    for (let index = 0; index < SECONDS.length; index += 1) {
      if (seconds > (SECONDS[index] ?? Infinity)) continue;
      cell.counts[index] = (cell.counts[index] ?? 0) + 1;
      return;
    }
  }

  override async get(): Promise<Collected> {
    const frame = await this.#frame.get();
    return { ...frame, values: [...this.#cells.values()].flatMap(valuesOf) };
  }

  /** What the registry asks instead where it writes text. */
  getForPromString(): Promise<Collected> {
    return this.get();
  }

  #open(outcome: string): Cell {
    const cell = { outcome, counts: SECONDS.map(() => 0), sum: 0, count: 0 };
    this.#cells.set(outcome, cell);
    return cell;
  }
}

/** Each bound counts what is below it as well. */
function valuesOf({ outcome, counts, sum, count }: Cell): Collected['values'] {
  let below = 0;
  const buckets = SECONDS.map((le, index) => {
    below += counts[index] ?? 0;
    return { labels: { le, outcome }, value: below, metricName: `${NAME}_bucket` };
  });
  return [
    ...buckets,
    { labels: { le: '+Inf', outcome }, value: count, metricName: `${NAME}_bucket` },
    { labels: { outcome }, value: sum, metricName: `${NAME}_sum` },
    { labels: { outcome }, value: count, metricName: `${NAME}_count` },
  ];
}
