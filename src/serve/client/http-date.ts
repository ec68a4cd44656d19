const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)';

/** The three forms of RFC 9110, 5.6.7: its own, RFC 850's, and that of asctime. */
const FORMS = [
  new RegExp(`^[A-Z][a-z]{2}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^[A-Z][a-z]{2,5}day, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  new RegExp(`^[A-Z][a-z]{2} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
] as const;

/** A year of two digits is at most this far ahead (RFC 9110, 5.6.7). */
const MAX_YEARS_AHEAD = 50;

/** Milliseconds since the epoch of the last second that a date of four-digit years can say. */
const MAX_DATE_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * A date in a header, in milliseconds since the epoch; undefined for what is none, a 31st of February
 * included. The day of the week may be a wrong one.
 * @param nowMs tells which century two digits of a year are of
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  const parts = FORMS.map((form) => form.exec(text)?.groups).find((found) => found !== undefined);
  if (parts === undefined) return undefined;
  const number = (name: string): number => Number(parts[name]);
  // A leap second is said as 60.
  if (number('hour') > 23 || number('minute') > 59 || number('second') > 60) return undefined;
  const year = parts['year']?.length === 2 ? nearestYear(number('year'), nowMs) : number('year');
  const date = new Date(0);
  date.setUTCFullYear(year, MONTHS.indexOf(parts['month'] ?? ''), number('day'));
  if (date.getUTCDate() !== number('day')) return undefined;
  return date.setUTCHours(number('hour'), number('minute'), number('second'));
}

function nearestYear(lastDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + lastDigits;
  if (year > thisYear + MAX_YEARS_AHEAD) return year - 100;
  return year + 100 <= thisYear + MAX_YEARS_AHEAD ? year + 100 : year;
}

/** A time as headers say it, without its fraction of a second; undefined for what they can't say. */
export function httpDate(ms: number): string | undefined {
  return ms >= 0 && ms <= MAX_DATE_MS ? new Date(ms).toUTCString() : undefined;
}
