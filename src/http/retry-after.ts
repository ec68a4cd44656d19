/** The three date forms of RFC 9110 §5.6.7 all start with a weekday. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/;

/**
 * How long a Retry-After header asks us to stay away, in milliseconds, whichever of its two forms
 * it has; a date that has passed is 0. Uncapped: whoever waits applies its own cap.
 * @returns undefined where there is no header, or one that says nothing usable.
 */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!HTTP_DATE.test(text)) return undefined;
  // asctime, the oldest form, leaves out that it means GMT.
  const date = Date.parse(/GMT|UTC/.test(text) ? text : `${text} GMT`);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
