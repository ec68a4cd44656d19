/** What stands still while a job makes no progress. */
export interface Standing {
  /** Objects taken up and not settled. */
  readonly inFlight: number;
  /** Those of them that wait for their rule's addresses, or for other processes. */
  readonly waiting: number;
  readonly waitingRules: readonly string[];
  /** Who fetches keys that are waited for. */
  readonly holders?: readonly string[];
}

/** So long nothing may happen before a line says so, and again after each further one. */
const SILENT_MS = 60_000;

/**
 * Notices that a job makes no progress: no object was settled and no byte of a body came. One line
 * a minute says so, and what the job waits for.
 */
export class Silence {
  #done: number | undefined;
  #sinceMs = 0;
  #told = 0;

  /**
   * Looks at the job, every now and then.
   * @param done any count that grows with each object settled and each byte received
   * @returns the line that is due, if one is.
   */
  look(nowMs: number, done: number, standing: () => Standing): string | undefined {
    // A clock that was set back begins anew: otherwise it would be silent for as long as that.
    if (done !== this.#done || nowMs < this.#sinceMs) {
      this.#done = done;
      this.#sinceMs = nowMs;
      this.#told = 0;
    }
    const minutes = Math.floor((nowMs - this.#sinceMs) / SILENT_MS);
    if (minutes <= this.#told) return undefined;
    this.#told = minutes;
    const forMs = minutes * SILENT_MS;
    return `no progress for ${forMs / 1000} s: ${describe(standing())}`;
  }
}

const NOTHING_IN_FLIGHT =
  "no object is in flight; it waits for keys, for the bucket's listing or for the output to be read";

function describe({ inFlight, waiting, waitingRules, holders = [] }: Standing): string {
  if (inFlight === 0) return NOTHING_IN_FLIGHT;
  const objects = `${inFlight} ${inFlight === 1 ? 'object is' : 'objects are'} in flight`;
  if (waiting === 0) return `${objects}, no object was finished and no byte came`;
  const rules = waitingRules.length === 0 ? '' : ` of rule ${waitingRules.join(', rule ')}`;
  const wait = `${objects}, of which ${waiting} ${waiting === 1 ? 'waits' : 'wait'} for`;
  const address = `an address${rules} to come back`;
  if (holders.length === 0) return `${wait} ${address}`;
  const others = `${holders.join(', ')} to store what it fetches`;
  return `${wait} ${waitingRules.length === 0 ? others : `${address}, or for ${others}`}`;
}
