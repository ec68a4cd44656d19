/** `2026-11-20T04:00:00.000Z`. */
const LENGTH = 24;
/** The same without the fraction. */
const SHORT_LENGTH = 20;

const ZERO = 0x30;

/** Every month has so many days; later ones are left to whoever knows the calendar. */
const DAYS = 28;

/**
 * The time that S3 writes as `2026-11-20T04:00:00.000Z`, in milliseconds since the epoch: what
 * `Date.parse` says of it, in a fraction of the time.
 * @returns undefined for whatever is not written just so, and for some that is
 */
export function timeInBytes(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (!hasItsSigns(bytes, start, end)) return undefined;
  const year = digits(bytes, start, 4);
  const month = digits(bytes, start + 5, 2);
  const day = digits(bytes, start + 8, 2);
  const hour = digits(bytes, start + 11, 2);
  const minute = digits(bytes, start + 14, 2);
  const second = digits(bytes, start + 17, 2);
  const ms = end - start === LENGTH ? digits(bytes, start + 20, 3) : 0;
  const isDate = isFrom(1970, year, 9999) && isFrom(1, month, 12) && isFrom(1, day, DAYS);
  const isTime = isFrom(0, hour, 23) && isFrom(0, minute, 59) && isFrom(0, second, 59);
  if (!isDate || !isTime || Number.isNaN(ms)) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second, ms);
}

function isFrom(least: number, number: number, most: number): boolean {
  return number >= least && number <= most;
}

function hasItsSigns(bytes: Uint8Array, start: number, end: number): boolean {
  const is = (at: number, sign: string): boolean => bytes[at] === sign.charCodeAt(0);
  const hasDate = is(start + 4, '-') && is(start + 7, '-') && is(start + 10, 'T');
  const hasTime = is(start + 13, ':') && is(start + 16, ':') && is(end - 1, 'Z');
  const hasFraction = end - start === LENGTH && is(start + 19, '.');
  return hasDate && hasTime && (hasFraction || end - start === SHORT_LENGTH);
}

/** NaN, which no comparison holds for, where one of them is no digit. */
function digits(bytes: Uint8Array, start: number, count: number): number {
  let number = 0;
  for (let at = start; at < start + count; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    number = number * 10 + digit;
  }
  return number;
}
