import { crc32 } from 'node:zlib';
import { objectKey } from '../model/object-key.ts';
import type { UploadRecord } from '../model/upload-journal.ts';
import { exchange, type JobRow } from './job-row.ts';
import type { Connection } from './open-database.ts';

/**
 * Uploads under way, one row each, as bytes: the driver ends text at a NUL, which a key may hold, and the process at damaged text. The caller's transaction and its job row hold them together.
 */
export class UploadTable {
  readonly #get;
  readonly #put;
  readonly #delete;
  readonly #all;

  constructor(database: Connection) {
    this.#get = database.prepare('SELECT key, sealed, crc FROM upload WHERE key = ?');
    this.#put = database.prepare('INSERT OR REPLACE INTO upload VALUES (?, ?, ?)');
    this.#delete = database.prepare('DELETE FROM upload WHERE key = ?');
    this.#all = database.prepare('SELECT key, sealed, crc FROM upload ORDER BY key');
  }

  all(): readonly UploadRecord[] {
    return this.#all
      .raw()
      .all()
      .map(readRow)
      .map(({ key, sealed }) => ({ key: objectKey(key), sealed }));
  }

  /** @returns the job with the record in its sums. */
  keep(job: JobRow, key: string, sealed: string): JobRow {
    const { uploads, uploadSum } = this.drop(job, key);
    const crc = checksum(key, sealed);
    this.#put.run(Buffer.from(key), Buffer.from(sealed), crc);
    return { ...job, uploads: uploads + 1, uploadSum: exchange(uploadSum, 0, crc) };
  }

  /** @returns the job without the record in its sums. */
  drop(job: JobRow, key: string): JobRow {
    // A lone blob as parameter would be taken for named parameters, so it goes in a list.
    const row: unknown = this.#get.raw().get([Buffer.from(key)]);
    if (row === undefined) return job;
    const { crc } = readRow(row);
    this.#delete.run([Buffer.from(key)]);
    return { ...job, uploads: job.uploads - 1, uploadSum: exchange(job.uploadSum, crc, 0) };
  }

  /** @throws Error where the rows are not those that the job's sums were made of. */
  verify(job: JobRow): void {
    const rows = this.#all.raw().all().map(readRow);
    const sum = rows.reduce((total, { crc }) => exchange(total, 0, crc), 0);
    if (rows.length !== job.uploads || sum !== job.uploadSum) {
      throw new Error("the uploads are not those that the job's row counts");
    }
  }
}

function readRow(row: unknown): { key: string; sealed: string; crc: number } {
  if (!Array.isArray(row)) throw new Error('a row of uploads is not a list of columns');
  const columns: readonly unknown[] = row;
  const [key, sealed, crc] = columns;
  if (!(key instanceof Uint8Array && sealed instanceof Uint8Array)) {
    throw new Error('a row of uploads holds no bytes');
  }
  const record = { key: Buffer.from(key).toString(), sealed: Buffer.from(sealed).toString() };
  const expected = checksum(record.key, record.sealed);
  if (crc !== expected) {
    throw new Error(`the row of the upload ${JSON.stringify(record.key)} fails its checksum`);
  }
  return { ...record, crc: expected };
}

function checksum(key: string, sealed: string): number {
  return crc32(JSON.stringify([key, sealed]));
}
