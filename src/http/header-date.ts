/** `Wed, 01 Jan 2025 00:00:00 GMT`. */
const LENGTH = 29;

const ZERO = 0x30;

/** Every month has so many days; later ones are left to whoever knows the calendar. */
const DAYS = 28;

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * A date of a header in milliseconds since the epoch: what `Date.parse` says of it. The form that
 * all servers write (RFC 9110, 5.6.7) is read in a fraction of the time: each object has one.
 * @returns NaN for what is no date
 */
export function headerDate(text: string): number {
  return plainDate(text) ?? Date.parse(text);
}

/** Undefined for whatever is not written just so, and for some that is. */
function plainDate(text: string): number | undefined {
  if (text.length !== LENGTH || !hasItsSigns(text)) return undefined;
  const day = twoDigits(text, 5);
  const month = MONTHS.indexOf(text.slice(8, 11));
  const year = twoDigits(text, 12) * 100 + twoDigits(text, 14);
  const hour = twoDigits(text, 17);
  const minute = twoDigits(text, 20);
  const second = twoDigits(text, 23);
  const isDate = year >= 1970 && month >= 0 && day >= 1 && day <= DAYS;
  const isTime = hour <= 23 && minute <= 59 && second <= 59;
  return isDate && isTime ? Date.UTC(year, month, day, hour, minute, second) : undefined;
}

function hasItsSigns(text: string): boolean {
  const hasDate = WEEKDAYS.includes(text.slice(0, 3)) && text.startsWith(', ', 3);
  const hasBlanks = text[7] === ' ' && text[11] === ' ';
  const hasTime = text[16] === ' ' && text[19] === ':' && text[22] === ':';
  return hasDate && hasBlanks && hasTime && text.endsWith(' GMT');
}

/** NaN, which no comparison holds for, where one of them is no digit. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  const areDigits = tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9;
  return areDigits ? tens * 10 + ones : NaN;
}
