import type { ObjectEvent, SummaryEvent, Tally } from '../model/event.ts';
import { printable } from './printable.ts';
import { bytesText, countText, durationText } from './quantity.ts';

/** The last line of a run, for people. */
export function summaryText(summary: SummaryEvent): string {
  const { listed, copied, skipped, failed, planned, bytes, elapsedMs, carried } = summary;
  const parts = [
    `${countText(listed)} listed`,
    ...(planned === undefined
      ? [`${countText(copied)} copied (${bytesText(bytes)})`]
      : [`${countText(planned)} would be copied`]),
    `${countText(skipped)} skipped`,
    `${countText(failed)} failed`,
    ...deletesText(summary),
  ];
  const refused = summary.deletes?.refused;
  const left = refused === undefined ? '' : `; DELETES REFUSED: ${refused}`;
  const before = carried.listed > 0 ? `; before that ${carriedText(carried)}` : '';
  return `${summary.command}: ${parts.join(', ')} in ${durationText(elapsedMs)}${before}${left}`;
}

function deletesText({ deleted, deletes, planned }: SummaryEvent): readonly string[] {
  if (deletes === undefined) return [];
  if (planned === undefined || deletes.refused !== undefined) {
    return [`${countText(deleted)} deleted`];
  }
  const left = deletes.planned - deletes.kept - deletes.failed;
  return [`${countText(left)} would be deleted`];
}

/** What earlier runs of the job had done. */
function carriedText({ copied, skipped, failed }: Tally): string {
  return `${countText(copied)} copied, ${countText(skipped)} skipped, ${countText(failed)} failed`;
}

/** A failed object as one line; undefined for every other outcome. */
export function failureText(event: ObjectEvent): string | undefined {
  if (event.outcome !== 'failed') return undefined;
  const name = 'key' in event ? printable(event.key) : `base64:${event.keyBase64}`;
  return `failed: ${name}: ${event.code}: ${printable(event.message)}`;
}
