import type { KeyChoice } from '../model/event.ts';
import { printable } from './printable.ts';

/** What a run was asked to leave out, as the flags that ask for it. */
export function choiceText({ rule = [], prefix, include = [], exclude = [] }: KeyChoice): string {
  return [
    ...rule.map((id) => `--rule ${quoted(id)}`),
    ...(prefix === undefined ? [] : [`--prefix ${quoted(prefix)}`]),
    ...include.map((glob) => `--include ${quoted(glob)}`),
    ...exclude.map((glob) => `--exclude ${quoted(glob)}`),
  ].join(' ');
}

/** As a shell takes it. */
function quoted(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${printable(text).replaceAll("'", "'\\''")}'`;
}
