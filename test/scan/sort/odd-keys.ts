import fc from 'fast-check';
import { keyProblem } from '../../../src/model/object-key.ts';

/** Few enough that some come twice: around the surrogates, controls, what JSON escapes, long ones. */
const ODD = [
  ...['a', 'ab', 'a/b', 'a\n', 'a\r\n', '\u0000', '\u001f', '\u007f', '"', '\\', '\\"', '"}'],
  ...['é', 'e\u0301', '\ud7ff', '\ue000', '\uffee', '\uffff', '\u{10000}', '\u{1f600}'],
  ...['a\uffee', 'a\u{1f600}', 'a\u{1f600}b', '\u2028', ' ', 'x'.repeat(1024), '__proto__'],
];

/** Any key, and odd ones more often than not. */
export const oddKey = fc
  .oneof(fc.constantFrom(...ODD), fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }))
  .filter((text) => keyProblem(text) === undefined);
