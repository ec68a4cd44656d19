import type { StoredResult } from '../../model/checkpoint.ts';
import { failureClass } from './failure-class.ts';
import type { LineFormat } from './line-format.ts';
import { outcomeFields } from './outcome-fields.ts';
import { separated } from './separated.ts';

/** Their order and names stay; new ones are added at the end. */
const COLUMNS = [
  ...['time', 'key', 'keyBase64', 'outcome', 'rule', 'reason', 'bytes', 'origin', 'attempts'],
  ...['bucketEtag', 'lengthVerified', 'class', 'code', 'status', 'requestId', 'elapsedMs'],
  'message',
];

/** A cell that begins so is a formula to a spreadsheet (OWASP, "CSV Injection"). */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * CSV of RFC 4180: UTF-8, a line of names first, lines end in CR LF.
 *
 * Keys and what origins say are foreign, and spreadsheets take some of that for formulas. A key is
 * never changed: one that would be a formula, or is not UTF-8, stands in `keyBase64` and `key` is
 * empty. Other texts that would be one get a `'` before them, which spreadsheets don't show.
 */
export const csvFormat: LineFormat = {
  head: `${COLUMNS.join()}\r\n`,
  line(result) {
    const fields = outcomeFields(result);
    const { rule, reason, bytes, origin, attempts, etag, lengthVerified } = fields;
    const { code, status, requestId, elapsedMs, message } = fields;
    const kind = code === undefined ? undefined : failureClass(code);
    const cells = [
      ...[result.time, ...keyCells(result), fields.outcome, rule ?? undefined, reason],
      ...[bytes, text(origin), attempts, text(etag), lengthVerified, kind, code, status],
      ...[text(requestId), elapsedMs, text(message)],
    ];
    const line = separated(
      cells.map((cell) => (cell === undefined ? '' : String(cell))),
      ',',
    );
    return `${line}\r\n`;
  },
};

function keyCells(result: StoredResult): readonly [string, string] {
  if ('keyBase64' in result) return ['', result.keyBase64];
  const { key } = result;
  return FORMULA.test(key) ? ['', Buffer.from(key).toString('base64')] : [key, ''];
}

function text(value: string | undefined): string | undefined {
  return value !== undefined && FORMULA.test(value) ? `'${value}` : value;
}
