import type { Failure } from '../model/failure.ts';
import type { OriginHead } from '../model/origin.ts';
import type { BodySink } from '../model/ports.ts';
import type { StoreSettings } from '../model/rule.ts';

/** Follows a body through the gate, for who hands it on while it is stored. */
export interface BodyTap {
  /**
   * A body begins at byte 0; what came of an earlier one is void.
   * @returns what forbids to store it though it may be handed on; undefined where nothing does
   */
  begin(head: OriginHead): Failure | undefined;
  /** The next bytes, which the gate has counted; they are not changed afterwards. */
  readonly write: BodySink;
  /** The body is whole and all its digests agree. What becomes of its storing is another matter. */
  passed(): void;
}

/** With a tap what the rule rejects is not stored, yet handed on: the gate lets it pass. */
export function gateSettings(store: StoreSettings, tap: BodyTap | undefined): StoreSettings {
  if (tap === undefined) return store;
  const reject = { empty: false, htmlForMedia: false, maxSizeBytes: Infinity };
  return { ...store, private: 'store', reject };
}
