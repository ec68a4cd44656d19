import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ServeMetrics } from '../metrics/serve-metrics.ts';
import { FatalError } from '../model/failure.ts';
import { objectKey } from '../model/object-key.ts';
import type { ServeStatus } from '../model/serve-status.ts';
import { statusPage } from '../page/status-page.ts';
import { explainKey } from '../rules/explain-key.ts';
import type { AdminView, ExplainQuery } from '../serve/admin/admin-view.ts';
import type { CutoverGauge } from '../serve/gauge/cutover-gauge.ts';
import type { ServeTallies } from '../serve/admin/serve-tallies.ts';
import type { Serving } from '../serve/serving.ts';
import type { BucketHealth } from './bucket-health.ts';
import type { ReloadableRules } from './rules-in-force.ts';
import type { Surroundings } from './surroundings.ts';

/** What the admin port looks at. */
export interface AdminSubjects {
  readonly serving: Pick<Serving, 'clock' | 'fills' | 'negative' | 'spools'>;
  readonly rules: ReloadableRules;
  readonly metrics: ServeMetrics;
  readonly tallies: ServeTallies;
  readonly gauge: CutoverGauge;
  readonly bucket: BucketHealth;
  readonly drain: AbortSignal;
  readonly prefetch: NonNullable<AdminView['prefetch']>;
}

/** What the admin port shows of a proxy, and does to it. */
export function adminView(subjects: AdminSubjects): AdminView {
  const { serving, rules, metrics, drain, bucket, prefetch } = subjects;
  return {
    ready: () => {
      if (drain.aborted) return { ready: false, reason: 'it is told to stop' };
      return bucket.ready();
    },
    metrics: async () => ({ type: metrics.contentType, text: await metrics.text() }),
    status: () => Promise.resolve(statusOf(subjects)),
    explain: (query) => explainKey(rules.rules, clientRequest(query), rules.sourceOf),
    flush: (prefix) => serving.negative.flush(prefix),
    reload: async () => rules.reload(),
    page: statusPage,
    vendorRules: rules,
    prefetch,
  };
}

function statusOf({ serving, rules, tallies, gauge, drain }: AdminSubjects): ServeStatus {
  const { clock, fills, negative, spools } = serving;
  const status = tallies.status({
    nowMs: clock.now(),
    state: drain.aborted ? 'draining' : 'serving',
    fillsUnderWay: fills.count,
    spool: spools.usage(),
    negativeKeys: negative.size,
    rules: rules.rules.rules.map(({ id }) => ({ rule: id, source: rules.sourceOf(id) })),
  });
  return { ...status, cutover: gauge.status() };
}

function clientRequest({ key, method, query, headers }: ExplainQuery) {
  const sent = headers.map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  const named = Object.fromEntries(sent);
  return { key: objectKey(key), method, host: named['host'], headers: named, query };
}

/**
 * The token that calls which change something must bear.
 * @throws FatalError `usage` where the file can't be read, or is empty
 */
export async function adminToken(
  file: string | undefined,
  { env, cwd }: Surroundings,
): Promise<string | undefined> {
  if (file === undefined) return env['BUCKETFILL_ADMIN_TOKEN'];
  let text: string;
  try {
    text = (await readFile(path.resolve(cwd, file), 'utf8')).trim();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FatalError('usage', `--admin-token-file ${file}: can't be read: ${why}`, error);
  }
  if (text === '') throw new FatalError('usage', `--admin-token-file ${file}: is empty`);
  return text;
}
