import type { Origin } from '../../src/model/origin.ts';
import type { OriginFault, OriginHarness } from '../contract/origin-contract.ts';
import type { FaultAnswer } from './fault-origin-script.ts';
import type { FaultOrigin } from './fault-origin.ts';

const FAULTS: Readonly<Record<OriginFault, FaultAnswer>> = {
  cut: { cutBody: { afterBytes: 1_000, how: 'end' } },
  reset: { cutBody: { afterBytes: 1_000, how: 'reset' } },
  stall: { cutBody: { afterBytes: 1_000, how: 'stall' } },
  silent: { cutHead: { afterBytes: 0, how: 'stall' } },
  unavailable: { status: 503, body: 'try later' },
};

/**
 * A fault origin as the far side of the origin contract.
 * @param pathOf the raw path under which the adapter asks for a key
 */
export function faultHarness(
  server: FaultOrigin,
  origin: Origin,
  pathOf: (key: string) => string,
): OriginHarness {
  const held = new Map<string, FaultAnswer>();
  return {
    origin,
    hold: (key, { bytes, etag, contentType }) => {
      const answer = { body: bytes, headers: { ETag: etag, 'Content-Type': contentType } };
      held.set(key, answer);
      server.script(pathOf(key), {
        get: answer,
        ifNoneMatch: { [etag]: { status: 304, headers: { ETag: etag } } },
      });
    },
    spoil: (key, fault) => {
      server.script(pathOf(key), { ...held.get(key), ...FAULTS[fault] });
    },
    shutDown: () => server.close(),
    close: async () => {
      await origin.close();
      await server.close();
    },
  };
}
