import { dirname, join } from 'node:path';
import { FatalError } from '../model/failure.ts';
import type { Fingerprint, JobRecord, JobTotals, SegmentRecord } from '../model/checkpoint.ts';
import type { UploadRecord } from '../model/upload-journal.ts';
import { fromJobColumns, JOB_COLUMNS, type JobRow, toJobColumns } from './job-row.ts';
import { asStateFailure, openDatabase, openingFailure, type Connection } from './open-database.ts';
import { ResultsLog } from './results-log.ts';
import { SegmentTable } from './segment-table.ts';
import { damagedState } from './state-failure.ts';
import { UploadTable } from './upload-table.ts';
import type { StoreWrite } from './worker-protocol.ts';

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
  readonly #file: string;
  readonly #database: Connection;
  readonly #log: ResultsLog;
  readonly #segments: SegmentTable;
  readonly #uploads: UploadTable;
  readonly #getJob;
  readonly #putJob;

  private constructor(file: string, database: Connection, log: ResultsLog) {
    this.#file = file;
    this.#database = database;
    this.#log = log;
    this.#segments = new SegmentTable(database);
    this.#uploads = new UploadTable(database);
    const names = [...JOB_COLUMNS.map((column) => column.split(' ')[0]), 'crc'];
    this.#getJob = database.prepare(`SELECT ${names.join()} FROM job`);
    this.#putJob = database.prepare(
      `UPDATE job SET (${names.join()}) = (${names.map(() => '?').join()})`,
    );
  }

  /** @throws FatalError `state-unusable`. */
  static open(file: string, busyTimeoutMs: number, log = logBeside(file)): JobStore {
    const database = openDatabase(file, busyTimeoutMs);
    try {
      const store = new JobStore(file, database, log);
      store.#recover();
      return store;
    } catch (error) {
      database.close();
      throw openingFailure(error, file);
    }
  }

  load(): JobRecord | undefined {
    return this.#reading(() => {
      const { fingerprint, finished } = this.#job();
      if (fingerprint === null) return undefined;
      return { fingerprint: parseFingerprint(fingerprint), finished };
    });
  }

  /** Uploads stay: whoever aborts or goes on with them needs their records. */
  begin(fingerprint: Fingerprint): void {
    const begun = this.#transaction(() => {
      const before = this.#job();
      this.#segments.clear();
      return this.#note({
        ...before,
        fingerprint: JSON.stringify(fingerprint),
        finished: false,
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
    return this.#reading(() => {
      const job = this.#job();
      const { segments, copied, skipped, failed } = job;
      return { segments, position: this.#segments.position(job), copied, skipped, failed };
    });
  }

  openSegments(): readonly SegmentRecord[] {
    return this.#reading(() => this.#segments.open());
  }

  uploads(): readonly UploadRecord[] {
    return this.#reading(() => this.#uploads.all());
  }

  /**
   * Makes several changes durable by one transaction: one wait for the disk however many wait. The
   * results of all of them are on disk before that.
   * @returns for each change undefined, or why that one was refused and left nothing behind.
   * @throws FatalError `state-unusable`: none of them was stored.
   */
  write(writes: readonly StoreWrite[]): readonly (Error | undefined)[] {
    const lines = writes.map((write) => (write.op === 'commit' ? write.lines : '')).join('');
    return this.#transaction(() => {
      let job = this.#job();
      const place = lines === '' || job.generation === 0 ? {} : this.#log.append(job, lines);
      job = { ...job, ...place };
      const refusals = writes.map((write) => {
        const next = this.#apart(() => this.#apply(job, write));
        if (next instanceof Error) return next;
        job = next;
        return undefined;
      });
      this.#note(job);
      return refusals;
    });
  }

  /** Leaves one self-contained file behind, without a write-ahead log beside it. */
  close(): void {
    this.#log.close();
    try {
      this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().all();
    } catch {
      // Only tidiness: on a full disk the log stays, and holds everything that was committed.
    } finally {
      this.#database.close();
    }
  }

  #recover(): void {
    const job = this.#job();
    if (job.fingerprint !== null) parseFingerprint(job.fingerprint);
    this.#segments.verify(job);
    this.#uploads.verify(job);
    const place = this.#log.recover(job);
    if (place.file !== job.file) this.#transaction(() => this.#note({ ...job, ...place }));
  }

  #job(): JobRow {
    return this.#reading(() => fromJobColumns(this.#getJob.raw().get()));
  }

  #note(job: JobRow): JobRow {
    const { changes } = this.#putJob.run(...toJobColumns(job));
    if (changes !== 1) throw new FatalError('state-unusable', damagedState(this.#file, 'no job'));
    return job;
  }

  #apply(job: JobRow, write: StoreWrite): JobRow | Error {
    switch (write.op) {
      case 'commit':
        return this.#commit(job, write);
      case 'keepUpload':
        return this.#uploads.keep(job, write.key, write.sealed);
      case 'dropUpload':
        return this.#uploads.drop(job, write.key);
    }
  }

  #commit(job: JobRow, { segments, finished }: Commit): JobRow | Error {
    if (job.fingerprint === null)
      return new Error('segments were committed before the job was begun');
    let next: JobRow = { ...job, finished };
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

  /** What `work` refuses is undone, and nothing else of its transaction. */
  #apart<T>(work: () => T | Error): T | Error {
    this.#database.exec('SAVEPOINT one');
    const result = work();
    if (result instanceof Error) this.#database.exec('ROLLBACK TO one');
    this.#database.exec('RELEASE one');
    return result;
  }

  #transaction<T>(work: () => T): T {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk or an I/O error may have rolled the transaction back already.
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      throw asStateFailure(error, this.#file);
    }
  }

  #reading<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      // The file opened well and says what this program never writes: it was changed from outside.
      throw openingFailure(error, this.#file);
    }
  }
}

function logBeside(file: string): ResultsLog {
  return new ResultsLog(join(dirname(file), 'results'));
}

function parseFingerprint(text: string): Fingerprint {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('no fingerprint is stored');
  return Object.fromEntries(Object.entries(parsed).map(([field, value]) => [field, String(value)]));
}
