import { Counter, type Registry } from 'prom-client';
import type { Served } from '../model/served.ts';

interface Cell {
  readonly method: string;
  readonly rule: string;
  readonly outcome: string;
  /** `2xx` */
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
  readonly #cells = new Map<string, Cell>();

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
        for (const { method, rule, outcome, status, requests } of cells.values()) {
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
        for (const { rule, outcome, bytes } of cells.values()) this.inc({ rule, outcome }, bytes);
      },
    });
    new Counter({
      name: 'bucketfill_cut_answers_total',
      help: 'Answers that were not finished: the client left, or its connection had to be broken.',
      labelNames: ['rule', 'outcome'],
      registers,
      collect() {
        this.reset();
        for (const { rule, outcome, cut } of cells.values()) this.inc({ rule, outcome }, cut);
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
    const kind = statusClass(status);
    const place = `${method} ${kind} ${outcome} ${rule}`;
    const had = this.#cells.get(place);
    if (had !== undefined) return had;
    const cell = { method, rule, outcome, status: kind, requests: 0, bytes: 0, cut: 0 };
    this.#cells.set(place, cell);
    return cell;
  }
}

/** `2xx`; `none` where the connection was broken before there was a status. */
function statusClass(status: number): string {
  return status === 0 ? 'none' : `${Math.floor(status / 100)}xx`;
}
