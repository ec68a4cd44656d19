/**
 * Whether a Host header fits a pattern of `match.hosts`: letter case does not count, `*` stands for
 * any characters, dots included, and a pattern without a port fits every port.
 */
export function hostFits(pattern: string, host: string): boolean {
  const lower = host.toLowerCase();
  return fits(pattern, lower) || fits(pattern, lower.replace(/:\d*$/, ''));
}

/** Compares piece by piece, so that no pattern costs more than a pass over the text. */
function fits(pattern: string, text: string): boolean {
  const [first = '', ...more] = pattern.split('*');
  const last = more.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const piece of more) {
    const at = text.indexOf(piece, from);
    if (at === -1) return false;
    from = at + piece.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}
