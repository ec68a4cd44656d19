import { FatalError } from '../model/failure.ts';
import type { Fingerprint, JobRecord, JobTotals, SegmentRecord } from '../model/checkpoint.ts';
import { asStateFailure, openDatabase, type Connection } from './open-database.ts';
import { fromSegmentRow, toSegmentRow } from './segment-row.ts';
import { damagedState } from './state-failure.ts';
import type { SegmentCommit } from './worker-protocol.ts';

const COLUMNS =
  'id, start_byte, end_byte, prefix_crc, entries, outcomes, failures, closed, copied, skipped, failed';

/**
 * A job's segments in one SQLite file; synchronous, for the checkpoint's own thread.
 *
 * Two things that would lose entries at the next start are refused as bugs of the caller: a gap in
 * the segments' ids, and a job that is called finished while entries are open.
 */
export class SegmentStore {
  readonly #file: string;
  readonly #database: Connection;
  readonly #counts;
  readonly #put;
  readonly #add;
  readonly #last;
  readonly #open;

  private constructor(file: string, database: Connection) {
    this.#file = file;
    this.#database = database;
    this.#counts = database.prepare('SELECT copied, skipped, failed FROM segment WHERE id = ?');
    this.#put = database.prepare(
      `INSERT OR REPLACE INTO segment (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#add = database.prepare(
      'UPDATE job SET copied = copied + ?, skipped = skipped + ?, failed = failed + ?, finished = ?',
    );
    this.#last = database.prepare(
      'SELECT id, end_byte, prefix_crc FROM segment ORDER BY id DESC LIMIT 1',
    );
    this.#open = database.prepare(`SELECT ${COLUMNS} FROM segment WHERE closed = 0 ORDER BY id`);
  }

  /** @throws FatalError `state-unusable`. */
  static open(file: string, busyTimeoutMs: number): SegmentStore {
    const database = openDatabase(file, busyTimeoutMs);
    try {
      return new SegmentStore(file, database);
    } catch (error) {
      // Our own file, whole as a database, but without the tables that every one of ours has.
      database.close();
      const said = error instanceof Error ? error.message : String(error);
      throw new FatalError('state-unusable', damagedState(file, said), error);
    }
  }

  load(): JobRecord | undefined {
    return this.#reading(() => {
      const row = this.#database.prepare('SELECT fingerprint, finished FROM job').raw().get();
      if (!Array.isArray(row)) return undefined;
      const columns: readonly unknown[] = row;
      const [fingerprint, finished] = columns;
      return { fingerprint: parseFingerprint(String(fingerprint)), finished: finished === 1 };
    });
  }

  begin(fingerprint: Fingerprint): void {
    this.#transaction(() => {
      this.#database.exec('DELETE FROM segment');
      this.#database
        .prepare('INSERT OR REPLACE INTO job VALUES (1, ?, 0, 0, 0, 0)')
        .run(JSON.stringify(fingerprint));
    });
  }

  totals(): JobTotals {
    return this.#reading(() => {
      const [copied, skipped, failed] = numbers(
        this.#database.prepare('SELECT copied, skipped, failed FROM job').raw().get(),
      );
      const [id, end, prefixCrc] = numbers(this.#last.raw().get());
      return {
        segments: id === undefined ? 0 : id + 1,
        position: { end: end ?? 0, prefixCrc: prefixCrc ?? 0 },
        copied: copied ?? 0,
        skipped: skipped ?? 0,
        failed: failed ?? 0,
      };
    });
  }

  openSegments(): readonly SegmentRecord[] {
    return this.#reading(() => this.#open.raw().all().map(fromSegmentRow));
  }

  /**
   * Makes several commits durable by one transaction: one wait for the disk however many wait.
   * @returns for each commit undefined, or why that one was refused and left nothing behind.
   * @throws FatalError `state-unusable`: none of them was stored.
   */
  commit(commits: readonly SegmentCommit[]): readonly (Error | undefined)[] {
    return this.#transaction(() => commits.map((commit) => this.#commitOne(commit)));
  }

  /** Leaves one self-contained file behind, without a write-ahead log beside it. */
  close(): void {
    try {
      this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().all();
    } catch {
      // Only tidiness: on a full disk the log stays, and holds everything that was committed.
    } finally {
      this.#database.close();
    }
  }

  #commitOne(commit: SegmentCommit): Error | undefined {
    this.#database.exec('SAVEPOINT one');
    const refusal = this.#store(commit);
    if (refusal !== undefined) this.#database.exec('ROLLBACK TO one');
    this.#database.exec('RELEASE one');
    return refusal;
  }

  #store({ segments, finished }: SegmentCommit): Error | undefined {
    let [copied, skipped, failed] = [0, 0, 0];
    let [next] = numbers(this.#last.raw().get()).map((id) => id + 1);
    next ??= 0;
    // Ascending, so that one commit may begin several segments in whatever order it names them.
    for (const segment of [...segments].sort((a, b) => a.id - b.id)) {
      const problem = segmentProblem(segment, next);
      if (problem !== undefined) return new Error(`segment ${segment.id}: ${problem}`);
      const before = numbers(this.#counts.raw().get(segment.id));
      copied += segment.copied - (before[0] ?? 0);
      skipped += segment.skipped - (before[1] ?? 0);
      failed += segment.failed - (before[2] ?? 0);
      this.#put.run(...toSegmentRow(segment));
      next = Math.max(next, segment.id + 1);
    }
    const { changes } = this.#add.run(copied, skipped, failed, finished ? 1 : 0);
    if (changes === 0) return new Error('segments were committed before the job was begun');
    return finished && this.#open.raw().get() !== undefined
      ? new Error('the job was called finished while segments are open')
      : undefined;
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
      const failure = asStateFailure(error, this.#file);
      if (failure !== error || !(error instanceof Error)) throw failure;
      // The file opened well and says what this program never writes: it was changed from outside.
      throw new FatalError('state-unusable', damagedState(this.#file, error.message), error);
    }
  }
}

function segmentProblem(segment: SegmentRecord, next: number): string | undefined {
  if (segment.id > next) return `was committed before segment ${next} was begun`;
  const done = segment.copied + segment.skipped + segment.failed;
  if (segment.closed && done !== segment.entries) {
    return `was closed with ${done} of ${segment.entries} entries accounted for`;
  }
  return undefined;
}

function numbers(row: unknown): readonly number[] {
  if (!Array.isArray(row)) return [];
  return row.filter((value) => typeof value === 'number');
}

function parseFingerprint(text: string): Fingerprint {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('no fingerprint is stored');
  return Object.fromEntries(Object.entries(parsed).map(([field, value]) => [field, String(value)]));
}
