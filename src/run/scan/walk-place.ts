import type { Clock, EventSink } from '../../model/ports.ts';
import type { Rule } from '../../model/rule.ts';
import type { ObjectKey } from '../../model/object-key.ts';
import type { ManifestEntry, ScanJournal } from '../../model/scan-journal.ts';
import { NO_STEPS, StepsDiffer, StepTrail } from '../../model/step-trail.ts';
import type {
  FoundObject,
  OpenPlace,
  OriginWalk,
  PassedReason,
  WalkPiece,
  WalkPlace,
  WalkStep,
} from '../../model/walk.ts';
import type { KeyFilter } from '../../plan/key-filter.ts';
import { type FoundFor, type FoundNames, mapObject } from './map-step.ts';
import { mayHideObject } from './may-hide-object.ts';
import type { ScanTally } from './scan-counts.ts';

/** One address that is walked for the keys of one rule. */
export interface ScanTarget {
  readonly rule: Rule;
  readonly walk: OriginWalk;
  /** Absent: origin keys. */
  readonly names?: FoundNames | undefined;
  /** What every origin key begins with that is looked for; absent: nothing. */
  readonly within?: string | undefined;
}

/** Where what is found goes to. */
export interface PlaceSinks {
  /** All of the file, in their order. */
  readonly rules: readonly Rule[];
  readonly journal: ScanJournal;
  readonly tally: ScanTally;
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'now'>;
  readonly warn: (line: string) => void;
  /** Keys that it leaves out are no lines of the manifest; absent: none are. */
  readonly filter?: KeyFilter | undefined;
  /** Told of each key of a rule that the filter leaves out. */
  readonly onFiltered?: ((key: ObjectKey, rule: string) => void) | undefined;
  /** Something was recorded, so many keys among it. */
  readonly onRecorded: (keys: number) => void;
}

/**
 * Walks one place and records what it holds, piece by piece; what an earlier run recorded of it is
 * passed over. A place that has changed since is walked afresh: its keys then stand twice in the
 * manifest, which costs a look each and loses nothing.
 * @throws whatever the walk throws.
 */
export async function walkPlace(
  place: OpenPlace,
  target: ScanTarget,
  sinks: PlaceSinks,
  signal: AbortSignal,
): Promise<void> {
  try {
    await walkOnce(place, target, sinks, signal);
  } catch (error) {
    if (!(error instanceof StepsDiffer)) throw error;
    sinks.warn(
      `${target.walk.name}${place.prefix}: changed while the scan was interrupted, so it is listed again; some keys stand twice in the manifest`,
    );
    await walkOnce({ ...place, recorded: NO_STEPS }, target, sinks, signal);
  }
}

async function walkOnce(
  place: OpenPlace,
  target: ScanTarget,
  sinks: PlaceSinks,
  signal: AbortSignal,
): Promise<void> {
  const trail = new StepTrail(place.recorded);
  for await (const piece of target.walk.walk(place, signal)) {
    if (piece.links !== piece.steps.length) throw lost(target, place, piece);
    const fresh = trail.fresh(piece.steps, piece.mark);
    if (fresh.length === 0) continue;
    await recordSteps({ steps: fresh, asOfMs: piece.asOfMs }, place, target, trail, sinks);
    // Of what is left out nothing else holds up the walk.
    if (sinks.onFiltered !== undefined) await sinks.events.flush();
  }
  trail.finish();
}

function lost({ walk }: ScanTarget, { prefix }: OpenPlace, { links, steps }: WalkPiece): Error {
  return new Error(`${walk.name}${prefix}: ${links} links came to ${steps.length} steps`);
}

/** Counts and records in one go, so that what is saved always fits together. */
function recordSteps(
  { steps, asOfMs }: { readonly steps: readonly WalkStep[]; readonly asOfMs: number | undefined },
  place: OpenPlace,
  target: ScanTarget,
  trail: StepTrail,
  sinks: PlaceSinks,
): Promise<void> | undefined {
  const { rule, names = 'originKeys', within = '' } = target;
  const { rules, journal, tally, events, clock, onRecorded } = sinks;
  const entries: ManifestEntry[] = [];
  const places: WalkPlace[] = [];
  const passed: PassedReason[] = [];
  const foundFor = { rules, rule, names, asOfMs, nowMs: clock.now() };
  const pass = (reason: PassedReason, link: string): void => {
    passed.push(reason);
    if (!mayHideObject({ reason, link })) return;
    events.emit({ event: 'passed', rule: rule.id, prefix: place.prefix, link, reason });
  };
  for (const step of steps) {
    if (step.kind === 'place') {
      if (leadsInto(step.place, within)) places.push(step.place);
      else pass('outside-prefix', step.place.prefix);
    } else if (step.kind === 'passed') pass(step.reason, step.link);
    else {
      const mapped = keptObject(step, foundFor, sinks);
      if (typeof mapped === 'string') pass(mapped, step.originKey);
      else entries.push(mapped);
    }
  }
  const counts = { links: steps.length, keys: entries.length, places: places.length, passed };
  tally.piece(place.prefix, counts);
  const room = journal.record(place, { entries, places, mark: trail.mark });
  onRecorded(entries.length);
  return room;
}

/** Whether a place may hold, or lead to, origin keys that begin with `within`. */
function leadsInto({ prefix }: WalkPlace, within: string): boolean {
  return prefix.startsWith(within) || within.startsWith(prefix);
}

function keptObject(
  found: FoundObject,
  foundFor: FoundFor,
  { filter, onFiltered }: PlaceSinks,
): ReturnType<typeof mapObject> {
  const mapped = mapObject(found, foundFor);
  if (filter === undefined || typeof mapped === 'string' || filter.keeps(mapped.key)) return mapped;
  onFiltered?.(mapped.key, mapped.rule);
  return 'filtered';
}
