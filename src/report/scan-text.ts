import type { ListingEvent, PassedEvent, ScanTotals, SummaryEvent } from '../model/event.ts';
import { printable } from './printable.ts';
import { countText, durationText } from './quantity.ts';

/** What a scan could not list, or passed over, as one line. */
export function scanText(event: ListingEvent | PassedEvent): string {
  const where = event.prefix === '' ? 'the top' : printable(event.prefix);
  return event.event === 'listing'
    ? `not listed: ${where}: ${event.code}: ${printable(event.message)}`
    : `passed over: ${printable(event.link)} in ${where}: ${event.reason}`;
}

/** The last line of a scan, for people: where every link has gone. */
export function scanSummaryText({ elapsedMs, exitCode }: SummaryEvent, totals: ScanTotals): string {
  const { links, keys, places, pages, listingErrors } = totals;
  const reasons = Object.entries(totals.passed).map(
    ([reason, count]) => `${countText(count)} ${reason}`,
  );
  const passed = Object.values(totals.passed).reduce((sum, count) => sum + count, 0);
  const why = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
  const failed =
    listingErrors === 0 ? '' : `; ${countText(listingErrors)} NOT LISTED, keys below are missing`;
  const stopped = exitCode === 0 || listingErrors > 0 ? '' : ', not finished';
  return (
    `scan: ${countText(links)} links on ${countText(pages)} pages: ${countText(keys)} keys, ` +
    `${countText(places)} further pages, ${countText(passed)} passed over${why}` +
    `${failed}${stopped}, in ${durationText(elapsedMs)}`
  );
}
