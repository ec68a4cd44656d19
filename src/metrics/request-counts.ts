import { Counter, type Registry } from 'prom-client';
import type { Served } from '../model/served.ts';

interface Cell {
  readonly method: string;
  readonly rule: string;
  readonly outcome: string;
  /** Of the status. */
  readonly hundreds: number;
  /** `2xx`; `none` where the connection was broken before there was a status. */
  readonly status: string;
  requests: number;
  bytes: number;
  cut: number;
}

/** Clients name methods as they like. */
const METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Counts answers. Every answer goes through here, so its cell is found by one look into a map; the
 * counters take over the sums when they are collected.
 */
export class RequestCounts {
  /** In the order of coming. */
  readonly #cells: Cell[] = [];
  /** By rule, then by outcome; each with few methods and classes. */
  readonly #places = new Map<string, Map<string, Cell[]>>();

  constructor(registry: Registry) {
    const cells = this.#cells;
    const registers = [registry];
    new Counter({
      name: 'bucketfill_requests_total',
      help: 'Answered requests.',
      labelNames: ['method', 'rule', 'outcome', 'status'],
      registers,
      collect() {
        this.reset();
        for (const { method, rule, outcome, status, requests } of cells) {
          this.inc({ method, rule, outcome, status }, requests);
        }
      },
    });
    new Counter({
      name: 'bucketfill_response_bytes_total',
      help: 'Bytes of bodies, as handed to the connections.',
      labelNames: ['rule', 'outcome'],
      registers,
      collect() {
        this.reset();
        for (const { rule, outcome, bytes } of cells) this.inc({ rule, outcome }, bytes);
      },
    });
    new Counter({
      name: 'bucketfill_cut_answers_total',
      help: 'Answers that were not finished: the client left, or its connection had to be broken.',
      labelNames: ['rule', 'outcome'],
      registers,
      collect() {
        this.reset();
        for (const { rule, outcome, cut } of cells) this.inc({ rule, outcome }, cut);
      },
    });
  }

  /** Rule and outcome as the labels show them. */
  count({ method, status, bytes, cut }: Served, rule: string, outcome: string): void {
    const cell = this.#cell(METHODS.has(method) ? method : 'other', status, outcome, rule);
    cell.requests += 1;
    cell.bytes += bytes;
    if (cut) cell.cut += 1;
  }

  #cell(method: string, status: number, outcome: string, rule: string): Cell {
    const hundreds = Math.floor(status / 100);
    const near = this.#place(rule, outcome);
    for (const cell of near) {
      if (cell.hundreds === hundreds && cell.method === method) return cell;
    }
    const kind = status === 0 ? 'none' : `${hundreds}xx`;
    const cell = { method, rule, outcome, hundreds, status: kind, requests: 0, bytes: 0, cut: 0 };
    near.push(cell);
    this.#cells.push(cell);
    return cell;
  }

  #place(rule: string, outcome: string): Cell[] {
    const had = this.#places.get(rule);
    const outcomes = had ?? new Map<string, Cell[]>();
    if (had === undefined) this.#places.set(rule, outcomes);
    const cells = outcomes.get(outcome) ?? [];
    if (cells.length === 0) outcomes.set(outcome, cells);
    return cells;
  }
}
