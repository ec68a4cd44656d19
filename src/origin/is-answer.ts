import type { OriginRequest, ReadOn } from '../model/origin.ts';

/** What answers a request for the rest of a version. */
const OF_THE_REST = [206, 412, 416];

/** What answers a request for a range. */
const OF_A_RANGE = [206, 416];

/** Whether a status is one that the request's reader gets; every other is a failure. */
export function isAnswer(
  { unless, range }: Pick<OriginRequest, 'unless' | 'range'>,
  rest: ReadOn | undefined,
  status: number,
): boolean {
  if (status === 200) return true;
  if (rest !== undefined) return OF_THE_REST.includes(status);
  if (range !== undefined) return OF_A_RANGE.includes(status);
  return status === 304 && unless !== undefined;
}
