import type { LineFormat } from './line-format.ts';

/**
 * JSON Lines: each outcome as the state keeps it, which is what its event said with the time before
 * it. Where the entry stands in its list is of no use to anybody else and is left out.
 */
export const jsonLinesFormat: LineFormat = {
  head: '',
  line: (result) => `${JSON.stringify({ ...result, segment: undefined, index: undefined })}\n`,
};
