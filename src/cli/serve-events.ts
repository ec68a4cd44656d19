import type { OriginEvent } from '../model/event.ts';
import type { Filled, Served } from '../model/served.ts';
import type { Log } from '../report/log.ts';
import type { Surroundings } from './surroundings.ts';

/** More than this waiting for a reader of stdout is not kept: answers never wait for their log. */
const MOST_WAITING_BYTES = 16 * 1024 ** 2;

/** Tells what serve does: `--json` as JSON Lines on stdout, and what went wrong on stderr. */
export class ServeEvents {
  readonly #json: boolean;
  readonly #stdout: Surroundings['stdout'];
  readonly #log: Log;
  #lost = 0;

  constructor({ json }: { readonly json?: true }, { stdout }: Surroundings, log: Log) {
    this.#json = json === true;
    this.#stdout = stdout;
    this.#log = log;
  }

  readonly served = (served: Served): void => {
    const { failure } = served;
    if (this.#json) {
      this.#write({ ...wordsOfServed(served), ...wordsOf(failure) });
    }
    if (failure !== undefined && failure.code !== 'ORIGIN_NOT_FOUND') {
      this.#log.warn(`${served.method} ${JSON.stringify(served.key)}: ${failure.message}`);
    }
  };

  readonly filled = (filled: Filled): void => {
    const { failure, ...told } = filled;
    if (this.#json) this.#write({ event: 'filled', ...told, ...wordsOf(failure) });
    if (failure?.code.startsWith('BUCKET_') === true) {
      this.#log.warn(`${JSON.stringify(filled.key)} was not stored: ${failure.message}`);
    }
  };

  readonly originState = ({ origin, state, reason }: OriginEvent): void => {
    if (this.#json) this.#write({ event: 'origin', origin, state, reason });
    this.#log.warn(`origin ${origin}: ${state} (${reason})`);
  };

  #write(event: object): void {
    if (this.#stdout.writableLength > MOST_WAITING_BYTES) {
      this.#lost += 1;
      return;
    }
    if (this.#lost > 0) {
      this.#log.warn(`${this.#lost} events were not told: stdout was not read`);
      this.#lost = 0;
    }
    this.#stdout.write(`${JSON.stringify(event)}\n`);
  }
}

/** Field by field: what names a request is made up when it is asked for. */
function wordsOfServed(served: Served): object {
  const { timeMs, id, method, key, rule, mark, status, bytes } = served;
  const { elapsedMs, neededOrigin, cut } = served;
  const time = new Date(timeMs).toISOString();
  const asked = { event: 'served', time, id, method, key, rule, mark };
  return { ...asked, status, bytes, elapsedMs, neededOrigin, cut };
}

function wordsOf(failure: Filled['failure']): object {
  return failure === undefined ? {} : { code: failure.code, message: failure.message };
}
