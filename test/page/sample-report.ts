import type { ReportView } from '../../src/page/report-view.ts';
import { summaryOf } from '../report/run-report/made-job.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 12, 30);
const START_MS = NOW_MS - 2 * 3_600_000;
const NO_TALLY = { listed: 0, copied: 0, skipped: 0, failed: 0 };

/** The report of a job that had nothing to do, and whose run left nothing about itself. */
export function emptyReport(): ReportView {
  return {
    version: '0.1.0',
    nowMs: NOW_MS,
    job: 'rules.migrate.scan',
    command: null,
    rulesFile: 'rules.yaml',
    bucket: 's3://media/',
    verdict: { tone: 'yes', text: 'complete: there was no key, so there was nothing to do' },
    isRunning: false,
    totals: NO_TALLY,
    run: null,
    figures: {
      ...{ lines: 0, earlier: 0, outcomes: {}, bytes: 0, skipped: {}, failures: [], origins: [] },
      ...{ slowest: [], timeline: { widthMs: 1000, spans: [] } },
      ...{ firstMs: undefined, lastMs: undefined, tail: undefined },
    },
    listingFailures: [],
  };
}

/** The report of a large run with these keys wherever keys are shown. */
export function busyReport(keys: readonly string[]): ReportView {
  const totals = { listed: 1_204_331, copied: 1_100_000, skipped: 104_000, failed: 331 };
  const examples = keys.map((key, at) => ({
    ...{ key, rule: 'video', origin: `https://origin-${at % 3}.example/media/` },
    ...{ status: at % 2 === 0 ? 503 : undefined, attempts: 3 },
    requestId: at % 2 === 0 ? `4f2c9a1b7d${at}-FRA` : undefined,
    message: `GET https://origin.example/media/${key}: answered 503, expected 200`,
  }));
  const spans = Array.from({ length: 120 }, (_, at) => ({
    startMs: START_MS + at * 60_000,
    objects: Math.round(9000 * (1 + Math.sin(at / 9)) * Math.exp(-at / 90)),
    failed: at % 17 === 0 ? 19 : 0,
    bytes: Math.round(4e9 * (1 + Math.cos(at / 12)) * Math.exp(-at / 120)),
  }));
  const scan = {
    ...{ pages: 9120, links: 1_300_000, keys: 1_204_331, places: 9119, listingErrors: 2 },
    ...{ passed: { outside: 12, query: 60_000 }, prefixes: {} },
  };
  return {
    ...emptyReport(),
    command: 'migrate',
    verdict: {
      tone: 'no',
      text: 'complete, but 331 of 1,204,331 keys failed, and 2 pages could not be listed',
    },
    totals,
    run: {
      command: 'migrate',
      started: new Date(START_MS).toISOString(),
      ended: new Date(NOW_MS - 1000).toISOString(),
      interrupted: false,
      summary: summaryOf({
        ...{ ...totals, bytes: 4.2e11, originRequests: 1_100_900, bucketRequests: 1_310_000 },
        ...{ listingErrors: 2, elapsedMs: 7_199_000, scan, exitCode: 3, deleted: 7 },
        carried: { listed: 4000, copied: 4000, skipped: 0, failed: 0 },
      }),
    },
    figures: {
      lines: 1_204_331,
      earlier: 4000,
      outcomes: { copied: 1_100_000, skipped: 104_000, failed: 331 },
      bytes: 4.2e11,
      skipped: { exists: 103_000, duplicate: 1000 },
      failures: [
        {
          kind: 'origin trouble',
          advice: 'The origin did not give these objects: see to it, then retry.',
          count: 330,
          codes: [
            { code: 'ORIGIN_STATUS', count: 300, examples },
            { code: 'ORIGIN_TIMEOUT', count: 30, examples: examples.slice(0, 1) },
          ],
        },
        {
          kind: 'origin missing',
          advice: 'No address has these objects.',
          count: 1,
          codes: [{ code: 'ORIGIN_NOT_FOUND', count: 1, examples: examples.slice(0, 1) }],
        },
      ],
      origins: [0, 1, 2].map((at) => ({
        origin: `https://origin-${at}.example/media/`,
        ...{ copied: 400_000 - at * 100_000, failed: at * 110, bytes: 1.4e11 },
        ...{
          medianMs: at === 2 ? undefined : 900 - at * 800,
          p99Ms: at === 2 ? undefined : 61_000,
        },
      })),
      slowest: keys.map((key, at) => ({
        ...{
          key,
          outcome: at % 5 === 4 ? 'failed' : 'copied',
          origin: 'https://origin-0.example/',
        },
        ...{ bytes: at % 5 === 4 ? undefined : 5e9 / (at + 1), elapsedMs: 540_000 / (at + 1) },
      })),
      timeline: { widthMs: 60_000, spans },
      firstMs: START_MS,
      lastMs: NOW_MS - 2000,
      tail: { share: 0.01, ms: 1_100_000, ofMs: 7_198_000 },
    },
    listingFailures: keys.slice(0, 2).map((key) => ({
      ...{ rule: 'video', prefix: key, code: 'ORIGIN_STATUS', status: 524 },
      message: `GET https://origin-0.example/${key}: answered 524`,
    })),
  };
}
