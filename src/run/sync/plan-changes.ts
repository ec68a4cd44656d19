import type { ListedObject } from '../../model/bucket.ts';
import type { GenerationEntry, StoredVersion } from '../../model/generation.ts';
import type { ObjectKey } from '../../model/object-key.ts';
import type { Rule } from '../../model/rule.ts';
import type { ManifestEntry } from '../../model/scan-journal.ts';
import type { SyncPlan, SyncPlanWriter } from '../../model/sync-plan.ts';
import { type Aligned, alignByKey, type SortedStream } from '../../plan/align-by-key.ts';
import {
  decideSync,
  isSameVersion,
  type SyncDecision,
  type SyncSettings,
} from '../../plan/decide-sync.ts';
import type { SyncScope } from '../../plan/sync-scope.ts';
import { matchRule } from '../../rules/match-rule.ts';
import { rewriteKey } from '../../rules/rewrite-key.ts';
import type { Tell } from '../run.ts';

export interface SyncPlanning extends SyncSettings, SyncScope {
  /** What the origins list now. */
  readonly listed: SortedStream<ManifestEntry>;
  /** What the last generation has; empty where there is none. */
  readonly before: SortedStream<GenerationEntry>;
  /** What the bucket lists now. */
  readonly stored: SortedStream<ListedObject>;
  /** All of the file, in their order. */
  readonly rules: readonly Rule[];
  /** Whether the state will tell which version each copy left in the bucket. */
  readonly keepsResults: boolean;
  readonly writer: SyncPlanWriter;
  readonly tell: Tell;
  /** Resolves when what was told has left the process. */
  readonly flush: () => Promise<void>;
  readonly now: () => number;
}

type Row = Aligned<ManifestEntry, GenerationEntry, ListedObject>;

/** What becomes of a key; `carried`: this sync isn't about it, and it stays as it is known. */
type Decision = SyncDecision | 'carried';

/**
 * Finds out what a sync has to do, by the three listings alone: no object is asked for. What is to be
 * left as it is is told here; nothing else is done before the plan is saved.
 *
 * A sync with a filter, or of some rules, sees nothing of other keys: neither the origins' listing
 * nor the bucket's has them, so either would make them look gone. What the last generation knows of one is therefore
 * handed on as it stands, before any listing is asked about it: it is neither gone nor kept nor
 * forgotten, and counts for nothing, the share of `--max-delete` included. That stays true however
 * old it gets, since an entry tells of its own key alone: which version the origin listed, and which
 * one the bucket had of it. So whatever the next sync is about, it finds each key as the last
 * one left it that was about it, and compares with that. Who ends the sync must leave alone
 * what was handed on, too: it may be marked as gone by an earlier one (`concludeSync`).
 * @throws FatalError `state-unusable`; what the listings throw.
 */
export async function planChanges(planning: SyncPlanning): Promise<SyncPlan> {
  const { listed, before, stored, writer, flush, isWhole, now } = planning;
  const counts = { examine: 0, unchanged: 0, existing: 0, gone: 0, known: 0 };
  let remembered = 0;
  let carried = 0;
  for await (const rows of alignByKey(listed, before, stored)) {
    const changes: ObjectKey[] = [];
    const entries: GenerationEntry[] = [];
    for (const row of rows) {
      if (row.b !== undefined) remembered += 1;
      const decision = decide(row, planning);
      if (decision === 'carried') carried += 1;
      const isOwn = decision !== 'forgotten' && decision !== 'carried';
      if (isOwn && row.b !== undefined && row.c !== undefined) counts.known += 1;
      count(counts, decision);
      if (decision === 'examine') changes.push(row.key);
      tellSkipped(row, decision, planning);
      const entry = entryOf(row, decision, planning);
      if (entry !== undefined) entries.push(entry);
    }
    await writer.change(changes);
    await writer.draft(entries);
    await flush();
  }
  const { examine, unchanged, existing, gone } = counts;
  const isAsBefore = remembered === unchanged + carried && examine + existing + gone === 0;
  return writer.save({ ...counts, isWhole, isAsBefore }, now());
}

function decide({ key, a, b, c }: Row, planning: SyncPlanning): Decision {
  if (planning.filter?.keeps(key) === false) return b === undefined ? 'forgotten' : 'carried';
  if (a === undefined && b !== undefined) {
    // A key that by now belongs to another rule is nobody's to judge.
    if (matchRule(planning.rules, key)?.id !== b.rule) return 'forgotten';
    if (!planning.synced.has(b.rule)) return 'carried';
  }
  return decideSync({ listed: a, before: b, stored: c }, planning);
}

interface Counts {
  examine: number;
  unchanged: number;
  existing: number;
  gone: number;
}

function count(counts: Counts, decision: Decision): void {
  switch (decision) {
    case 'examine':
      counts.examine += 1;
      return;
    case 'unchanged':
      counts.unchanged += 1;
      return;
    case 'exists':
      counts.existing += 1;
      return;
    case 'gone':
      counts.gone += 1;
      return;
    case 'kept':
    case 'forgotten':
    case 'carried':
      return;
  }
}

function tellSkipped({ key, a }: Row, decision: Decision, { tell }: SyncPlanning): void {
  if (decision !== 'unchanged' && decision !== 'exists') return;
  tell({ key }, { outcome: 'skipped', rule: a?.rule ?? null, reason: decision });
}

function entryOf(
  row: Row,
  decision: Decision,
  { rules, keepsResults }: SyncPlanning,
): GenerationEntry | undefined {
  const { key, a: listed, b: before } = row;
  if (decision === 'forgotten') return undefined;
  if (decision === 'kept' || decision === 'carried') return before;
  if (decision === 'gone') return before && { ...before, gone: true, originKey: originKeyNow() };
  return listed && draftOf(row, listed, decision, keepsResults);

  /** The rule may look for the key elsewhere than it did when it was listed. */
  function originKeyNow(): string {
    const rule = matchRule(rules, key);
    return rule === undefined ? key : rewriteKey(rule, key);
  }
}

function draftOf(
  { b: before, c: stored }: Row,
  listed: ManifestEntry,
  decision: Decision,
  keepsResults: boolean,
): GenerationEntry {
  const isSame = before !== undefined && isSameVersion(listed, before);
  // Nobody compares what exists with the origin: who overwrites later must not take it for that.
  if (decision === 'exists') {
    return { ...listed, racy: isSame ? listed.racy : true, stored: before?.stored };
  }
  // Of what is likely copied only a result could tell the version that it leaves.
  const isKnown = decision === 'unchanged' || keepsResults || isSame;
  return { ...listed, stored: isKnown ? versionOf(stored) : undefined };
}

function versionOf(object: ListedObject | undefined): StoredVersion | undefined {
  return object && { etag: object.etag, size: object.size };
}
