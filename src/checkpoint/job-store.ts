import { dirname, join } from 'node:path';
import type { Fingerprint, JobRecord, JobTotals, SegmentRecord } from '../model/checkpoint.ts';
import { objectKey } from '../model/object-key.ts';
import type { UploadRecord } from '../model/upload-journal.ts';
import { fromJobColumns, JOB_COLUMNS, type JobRow, toJobColumns } from './job-row.ts';
import type { StoreWrite } from './job-protocol.ts';
import { ResultsLog } from './results-log.ts';
import { SealedTable, type Tally } from './sealed-table.ts';
import { SegmentTable } from './segment-table.ts';
import { StateFile } from './state-file.ts';
import { JOB_SCHEMA } from './state-schema.ts';

type Commit = StoreWrite & { readonly op: 'commit' };

/**
 * A job's state: one SQLite file and the results log beside it; synchronous, for a thread of its
 * own.
 *
 * Opening looks at every row: each carries a checksum, and the job's row sums over all of them. So
 * what is read is a state as some commit left it, or an error.
 *
 * Two things that would lose entries at the next start are refused as bugs of the caller: a gap in
 * the segments' ids, and a job that is called finished while entries are open.
 */
export class JobStore {
  readonly #file: StateFile;
  readonly #log: ResultsLog;
  readonly #segments: SegmentTable;
  readonly #uploads: SealedTable;
  readonly #getJob;
  readonly #putJob;

  private constructor(file: StateFile, log: ResultsLog) {
    const { database } = file;
    this.#file = file;
    this.#log = log;
    this.#segments = new SegmentTable(database);
    this.#uploads = new SealedTable(database, 'upload');
    const names = [...JOB_COLUMNS.map((column) => column.split(' ')[0]), 'crc'];
    this.#getJob = database.prepare(`SELECT ${names.join()} FROM job`);
    this.#putJob = database.prepare(
      `UPDATE job SET (${names.join()}) = (${names.map(() => '?').join()})`,
    );
  }

  /** @throws FatalError `state-unusable`. */
  static open(path: string, busyTimeoutMs: number, log = logBeside(path)): JobStore {
    return StateFile.open(path, busyTimeoutMs, JOB_SCHEMA, (file) => {
      const store = new JobStore(file, log);
      store.#recover();
      return store;
    });
  }

  load(): JobRecord | undefined {
    return this.#file.reading(() => {
      const { fingerprint, finished } = this.#job();
      if (fingerprint === null) return undefined;
      return { fingerprint: parseFingerprint(fingerprint), finished };
    });
  }

  /** Uploads stay: whoever aborts or goes on with them needs their records. */
  begin(fingerprint: Fingerprint): void {
    const begun = this.#file.transaction(() => {
      const before = this.#job();
      this.#segments.clear();
      return this.#note({
        ...before,
        fingerprint: JSON.stringify(fingerprint),
        ...{ finished: false, reopened: false },
        ...{ copied: 0, skipped: 0, failed: 0, segments: 0, segmentSum: 0 },
        generation: before.generation + 1,
        kept: before.finished ? before.generation : 0,
        file: 1,
        bytes: 0,
      });
    });
    this.#log.begin(begun);
  }

  totals(): JobTotals {
    return this.#file.reading(() => {
      const job = this.#job();
      const { segments, copied, skipped, failed } = job;
      return { segments, position: this.#segments.position(job), copied, skipped, failed };
    });
  }

  openSegments(): readonly SegmentRecord[] {
    return this.#file.reading(() => this.#segments.open());
  }

  /** The next segments with failed entries behind the id `after`; none where that was all. */
  failedSegments(after: number): readonly SegmentRecord[] {
    return this.#file.reading(() => this.#segments.failed(after));
  }

  /**
   * Opens the failed entries of a finished job again, all or none of them.
   * @returns how many there are; without any the job stays finished.
   */
  reopen(): number {
    return this.#file.transaction(() => {
      const job = this.#job();
      if (!job.finished) throw new Error('a job was to be reopened that is not finished');
      if (job.failed === 0) return 0;
      const opened = this.#segments.reopen({ ...job, finished: false, reopened: true });
      if (opened instanceof Error) throw opened;
      this.#note(opened);
      return job.failed;
    });
  }

  /** Whether the job was reopened, and nothing behind its last entry begun since. */
  isReopened(): boolean {
    return this.#job().reopened;
  }

  uploads(): readonly UploadRecord[] {
    return this.#file.reading(() =>
      this.#uploads.all().map(({ key, sealed }) => ({ key: objectKey(key), sealed })),
    );
  }

  /**
   * Makes several changes durable by one transaction: one wait for the disk however many wait. The
   * results of all of them are on disk before that.
   * @returns for each change undefined, or why that one was refused and left nothing behind.
   * @throws FatalError `state-unusable`: none of them was stored.
   */
  write(writes: readonly StoreWrite[]): readonly (Error | undefined)[] {
    const lines = writes.map((write) => (write.op === 'commit' ? write.lines : '')).join('');
    return this.#file.transaction(() => {
      let job = this.#job();
      const place = lines === '' || job.generation === 0 ? {} : this.#log.append(job, lines);
      job = { ...job, ...place };
      const refusals = writes.map((write) => {
        const next = this.#file.apart(() => this.#apply(job, write));
        if (next instanceof Error) return next;
        job = next;
        return undefined;
      });
      this.#note(job);
      return refusals;
    });
  }

  /** Leaves one self-contained file behind, and the results log. */
  close(): void {
    this.#log.close();
    this.#file.close();
  }

  #recover(): void {
    const job = this.#job();
    if (job.fingerprint !== null) parseFingerprint(job.fingerprint);
    this.#segments.verify(job);
    this.uploads();
    this.#uploads.verify(uploadTally(job));
    const place = this.#log.recover(job);
    if (place.file !== job.file) this.#file.transaction(() => this.#note({ ...job, ...place }));
  }

  #job(): JobRow {
    return this.#file.reading(() => fromJobColumns(this.#getJob.raw().get()));
  }

  #note(job: JobRow): JobRow {
    const { changes } = this.#putJob.run(...toJobColumns(job));
    if (changes !== 1) throw this.#file.damaged('no job');
    return job;
  }

  #apply(job: JobRow, write: StoreWrite): JobRow | Error {
    switch (write.op) {
      case 'commit':
        return this.#commit(job, write);
      case 'keepUpload':
        return withUploads(job, this.#uploads.put(uploadTally(job), write.key, write.sealed));
      case 'dropUpload':
        return withUploads(job, this.#uploads.drop(uploadTally(job), write.key));
    }
  }

  #commit(job: JobRow, { segments, finished }: Commit): JobRow | Error {
    if (job.fingerprint === null)
      return new Error('segments were committed before the job was begun');
    const goesOn = segments.some(({ id }) => id >= job.segments);
    let next: JobRow = { ...job, finished, reopened: job.reopened && !finished && !goesOn };
    // Ascending, so that one commit may begin several segments in whatever order it names them.
    for (const segment of [...segments].sort((a, b) => a.id - b.id)) {
      const put = this.#segments.put(next, segment);
      if (put instanceof Error) return put;
      next = put;
    }
    return finished && this.#segments.open().length > 0
      ? new Error('the job was called finished while segments are open')
      : next;
  }
}

function uploadTally({ uploads, uploadSum }: JobRow): Tally {
  return { rows: uploads, sum: uploadSum };
}

function withUploads(job: JobRow, { rows, sum }: Tally): JobRow {
  return { ...job, uploads: rows, uploadSum: sum };
}

function logBeside(file: string): ResultsLog {
  return new ResultsLog(join(dirname(file), 'results'));
}

function parseFingerprint(text: string): Fingerprint {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('no fingerprint is stored');
  return Object.fromEntries(Object.entries(parsed).map(([field, value]) => [field, String(value)]));
}
