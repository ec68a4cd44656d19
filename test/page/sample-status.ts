import type { ServeStatus } from '../../src/model/serve-status.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 20, 12, 30);

/** Keys that try to be markup, to hide, or to tear the page. */
export const HOSTILE_KEYS: readonly string[] = [
  '<script>document.title="taken"</script>',
  '"><img src=x onerror=document.title="taken">',
  '</tbody></table><h1>taken</h1>',
  'a\u202egpj.exe',
  'hidden\u0000\u200b\u2066end',
  '\u05e9\u05dc\u05d5\u05dd/\u0645\u0631\u062d\u0628\u0627.txt',
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}/\u{1f3f3}\ufe0f.png',
  '${alert(1)}`&amp;&lt;b&gt;',
  'x'.repeat(1024),
  `${'dir with spaces/'.repeat(60)}end`,
];

/** The status of a proxy that did nothing yet. */
export function emptyStatus(): ServeStatus {
  const fromMs = NOW_MS - (NOW_MS % HOUR_MS) - HOUR_MS;
  const none = { fromMs, requests: 0, neededOrigin: 0, keys: 0, moreKeys: false };
  return {
    version: '0.1.0',
    startedMs: NOW_MS,
    nowMs: NOW_MS,
    uptimeMs: 0,
    bucket: 's3://media',
    state: 'serving',
    cutover: {
      verdict: { safe: false, text: 'not yet: it has been watching for only 0 min' },
      sinceMs: NOW_MS,
      windows: [
        { hours: 1, ...none },
        { hours: 24, ...none },
        { hours: 168, ...none },
      ],
      perRule: [],
      byHour: [],
      lastKeys: [],
    },
    totals: {
      requests: 0,
      hits: 0,
      misses: 0,
      shared: 0,
      negative: 0,
      proxied: 0,
      redirected: 0,
      errors: 0,
      cut: 0,
      bytes: 0,
    },
    rules: [],
    origins: [],
    fillsUnderWay: 0,
    spool: { spools: 0, memoryBytes: 0, diskBytes: 0 },
    negativeKeys: 0,
    lastFailures: [],
  };
}

/** The status of a proxy after a busy week, with the given keys as its last. */
export function busyStatus(keys: readonly string[]): ServeStatus {
  const empty = emptyStatus();
  const thisHourMs = NOW_MS - (NOW_MS % HOUR_MS);
  const byHour = Array.from({ length: 168 }, (_, index) => ({
    hourMs: thisHourMs - (167 - index) * HOUR_MS,
    requests: 90_000 + Math.round(40_000 * Math.sin((index / 24) * 2 * Math.PI)),
    neededOrigin: Math.round(9000 * Math.exp(-index / 30)) + (index % 7),
  }));
  const counted = { requests: 2_400_000, neededOrigin: 180, keys: 14, moreKeys: false };
  return {
    ...empty,
    startedMs: NOW_MS - 187 * HOUR_MS,
    uptimeMs: 187 * HOUR_MS,
    cutover: {
      verdict: {
        safe: false,
        text: 'safe to switch off: no, 14 keys needed the origin in the last 24 h',
      },
      sinceMs: NOW_MS - 187 * HOUR_MS,
      windows: [
        {
          hours: 1,
          fromMs: thisHourMs - HOUR_MS,
          ...counted,
          requests: 182_000,
          neededOrigin: 3,
          keys: 2,
        },
        { hours: 24, fromMs: thisHourMs - 24 * HOUR_MS, ...counted },
        {
          hours: 168,
          fromMs: thisHourMs - 168 * HOUR_MS,
          requests: 15_000_000,
          neededOrigin: 271_000,
          keys: 10_000,
          moreKeys: true,
        },
      ],
      perRule: [
        { rule: 'rule-5', windows: [{ hours: 24, fromMs: thisHourMs - 24 * HOUR_MS, ...counted }] },
      ],
      byHour,
      lastKeys: keys.map((key, index) => ({
        key,
        rule: 'video',
        timeMs: NOW_MS - index * 61_000,
        mark: 'MISS',
      })),
    },
    totals: {
      ...empty.totals,
      requests: 15_213_009,
      hits: 14_900_000,
      misses: 240_112,
      shared: 31_000,
      negative: 1203,
      redirected: 77,
      errors: 12,
      cut: 40,
      bytes: 91_234_567_890_123,
    },
    rules: Array.from({ length: 12 }, (_, index) => ({
      rule: index === 3 ? 'r'.repeat(256) : `rule-${index}`,
      source: index < 2 ? 'qingstor' : 'file',
      requests: 1_200_000 - index * 77_000,
      neededOrigin: 3000 * index,
      fills: 2900 * index,
      failures: index === 5 ? 12 : 0,
    })),
    origins: [
      {
        origin: 'http://old.example/',
        state: 'open',
        reason: '60 % of 40 calls failed',
        requests: 1234,
        firstByteMs: null,
      },
      {
        origin: 'https://media.example.net/library/',
        state: 'closed',
        reason: '',
        requests: 239_000,
        firstByteMs: { p50: 12, p99: 1840 },
      },
    ],
    fillsUnderWay: 7,
    spool: { spools: 7, memoryBytes: 61_000_000, diskBytes: 3_200_000_000 },
    negativeKeys: 431,
    lastFailures: keys.map((key, index) => ({
      timeMs: NOW_MS - index * 61_000,
      times: index + 1,
      key,
      rule: 'video',
      code: 'ORIGIN_UNREACHABLE',
      message: `${key}: http://old.example/ could not be reached: connection refused`,
    })),
  };
}
