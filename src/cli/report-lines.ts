import { lastResults } from '../checkpoint/last-results.ts';
import type { BucketSettings } from '../model/rule.ts';
import { csvFormat } from '../report/run-report/csv-format.ts';
import { gcsFormat } from '../report/run-report/gcs-format.ts';
import { jsonLinesFormat } from '../report/run-report/json-lines-format.ts';
import type { LineFormat, LineSubject } from '../report/run-report/line-format.ts';
import { s3BatchFormat } from '../report/run-report/s3-batch-format.ts';
import type { ReportOutput } from './report-output.ts';

/** The formats of a line an outcome. */
export type LinesFormat = 'jsonl' | 'csv' | 'gcs' | 's3-batch';

export interface ReportedLines {
  readonly format: LinesFormat;
  readonly job: string;
  /** Where the job's files are. */
  readonly directory: string;
  readonly bucket: BucketSettings;
  /** Leaves out what did not fail. */
  readonly failuresOnly: boolean;
}

/** Writes a job's outcomes, each as a line. */
export async function reportLines(lines: ReportedLines, output: ReportOutput): Promise<void> {
  const { head, line } = formatOf(lines);
  await output.write(head);
  for await (const batch of lastResults(lines.directory)) {
    const told = lines.failuresOnly ? batch.filter(({ outcome }) => outcome === 'failed') : batch;
    await output.write(told.map(line).join(''));
  }
}

function formatOf({ format, job, bucket }: ReportedLines): LineFormat {
  const subject = { job, ...subjectOf(bucket) };
  switch (format) {
    case 'jsonl':
      return jsonLinesFormat;
    case 'csv':
      return csvFormat;
    case 'gcs':
      return gcsFormat(subject);
    case 's3-batch':
      return s3BatchFormat(subject);
  }
}

function subjectOf({ location }: BucketSettings): Omit<LineSubject, 'job'> {
  return location.kind === 's3'
    ? { bucket: { kind: 's3', name: location.bucket }, prefix: location.prefix }
    : { bucket: { kind: 'file', name: location.path }, prefix: '' };
}
