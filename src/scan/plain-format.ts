import { type ListFormat, lineEnd } from './list-format.ts';
import { parseLine } from './parse-line.ts';

/** One key a line, and nothing else. */
export const PLAIN_FORMAT: ListFormat = { recordEnd: lineEnd, entry: parseLine };
