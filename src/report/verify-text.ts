import type { ObjectEvent, SummaryEvent, VerifyTotals } from '../model/event.ts';
import { choiceText } from './choice-text.ts';
import { printable } from './printable.ts';
import { countText, durationText } from './quantity.ts';

/** A key that is not equal, as one line; undefined for one that is. */
export function verifyLine(event: ObjectEvent): string | undefined {
  const name = 'key' in event ? printable(event.key) : `base64:${event.keyBase64}`;
  const { outcome } = event;
  if (outcome === 'missing' || outcome === 'extra') return `${outcome}: ${name}`;
  if (outcome === 'different') return `different: ${name}: ${printable(event.message)}`;
  if (outcome !== 'unverifiable') return undefined;
  const code = event.code === undefined ? '' : `${event.code}: `;
  return `unverifiable: ${name}: ${code}${printable(event.message)}`;
}

/**
 * The last lines of a comparison, for people.
 * @param seed of its sample
 */
export function verifySummary(
  { listed, elapsedMs }: SummaryEvent,
  totals: VerifyTotals,
  seed: string | undefined,
): readonly string[] {
  const { level, sample, equal, missing, extra, different, unverifiable, filter, digest } = totals;
  const counts = { equal, missing, extra, different, unverifiable };
  const parts = Object.entries(counts).map(([outcome, count]) => `${countText(count)} ${outcome}`);
  const share = Number((sample * 100).toPrecision(12));
  const sampled = sample < 1 ? `, a sample of ${share}% (--seed ${printable(seed ?? '')})` : '';
  const covered = filter === undefined ? '' : `, of ${choiceText(filter)} alone`;
  return [
    `verify: ${countText(listed)} keys at level ${level}${sampled}: ${parts.join(', ')} in ${durationText(elapsedMs)}`,
    `verify: digest of what is equal${covered}: ${digest}`,
  ];
}
