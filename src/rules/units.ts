/** What a text with a unit amounts to, or why it can't be read, in words that end a sentence. */
export type Measure = { readonly value: number } | { readonly problem: string };

const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
  kB: 1000,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
};

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Node's timers hold 31 bits of milliseconds; a longer one would fire at once. */
const MAX_DURATION_MS = 24 * 86_400_000;

/** Bytes of a size such as `16MiB`, `1.5GB` or `512B`. Units matter: MiB is 1024², MB 1000². */
export function parseSize(text: string): Measure {
  const measure = parseMeasure(text, BYTES, 'a size with its unit, such as `16MiB`');
  if ('value' in measure && !Number.isSafeInteger(measure.value)) {
    return { problem: `expected a whole number of bytes below 8192TiB, got \`${shown(text)}\`` };
  }
  return measure;
}

/** Bytes a second of a rate such as `50MiB/s`. */
export function parseRate(text: string): Measure {
  const problem = `expected a rate such as \`50MiB/s\`, got \`${shown(text)}\``;
  if (!text.endsWith('/s')) return { problem };
  const measure = parseSize(text.slice(0, -2));
  return 'value' in measure ? measure : { problem };
}

/** Milliseconds of a duration such as `200ms`, `30s`, `1.5h` or `2d`. */
export function parseDuration(text: string): Measure {
  const measure = parseMeasure(text, MILLISECONDS, 'a duration with its unit, such as `30s`');
  if ('problem' in measure) return measure;
  if (measure.value > MAX_DURATION_MS) {
    return { problem: `expected at most \`24d\`, got \`${shown(text)}\`` };
  }
  if (!Number.isInteger(measure.value)) {
    return { problem: `expected whole milliseconds, got \`${shown(text)}\`` };
  }
  return measure;
}

function parseMeasure(
  text: string,
  units: Readonly<Record<string, number>>,
  expected: string,
): Measure {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s?([A-Za-z]*)$/.exec(text);
  const [, amount = '', unit = ''] = match ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (match !== null && factor !== undefined) {
    // 0.1 * 1000 and the like leave dust in binary fractions.
    return { value: Number((Number(amount) * factor).toFixed(6)) };
  }
  const known = Object.keys(units).join(', ');
  return { problem: `expected ${expected} (${known}), got \`${shown(text)}\`` };
}

function shown(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 40 ? `${line.slice(0, 40)}…` : line;
}
