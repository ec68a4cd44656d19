/** Takes the place of values beyond the bound; no rule and no origin is called so. */
const OTHERS = '(others)';

/**
 * Keeps the values of a label from growing without end: the first `most` different ones stay as
 * they are, all others are {@link OTHERS}.
 */
export function boundedLabel(most: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= most) return OTHERS;
    known.add(value);
    return value;
  };
}
