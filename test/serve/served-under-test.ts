import type { Served } from '../../src/model/served.ts';

/** A hit of `a.txt`, or what the test makes of it. */
export function served(changed: Partial<Served> = {}): Served {
  return {
    id: 'R1',
    timeMs: 0,
    method: 'GET',
    key: 'a.txt',
    rule: 'all',
    mark: 'HIT',
    status: 200,
    bytes: 10,
    elapsedMs: 4,
    neededOrigin: false,
    cut: false,
    failure: undefined,
    ...changed,
  };
}

export const MISS: Partial<Served> = { mark: 'MISS', neededOrigin: true };
