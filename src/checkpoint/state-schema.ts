import { JOB_COLUMNS, NO_JOB, toJobColumns } from './job-row.ts';
import type { StateSchema } from './open-database.ts';
import { sealedTable } from './sealed-table.ts';
import { JOB_ADVICE } from './state-failure.ts';

/**
 * One row a segment; what is the same for most of them takes no room: `outcomes` is null where a
 * closed segment's entries all ended alike, `failures` where none failed. The job's only row is
 * there from the start and carries running sums over the others. Every row ends in a checksum.
 *
 * There is no text: the driver ends the process where it reads some that is not UTF-8, as damaged
 * text may be. There is no index: SQLite's quick check doesn't compare one with its table, so a damaged index
 * could hide a row.
 */
const TABLES: readonly string[] = [
  `CREATE TABLE job (id INTEGER PRIMARY KEY CHECK (id = 1), ${JOB_COLUMNS.join(', ')}, crc INTEGER NOT NULL) STRICT`,
  `CREATE TABLE segment (
    id INTEGER PRIMARY KEY,
    start_byte INTEGER NOT NULL,
    end_byte INTEGER NOT NULL,
    prefix_crc INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    outcomes BLOB,
    failures BLOB,
    closed INTEGER NOT NULL,
    copied INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT`,
  sealedTable('upload', false),
];

/** The file of a job's state. */
export const JOB_SCHEMA: StateSchema = {
  // "bktf"
  applicationId: 0x62_6b_74_66,
  version: 2,
  tables: TABLES,
  seed(database) {
    const columns = toJobColumns(NO_JOB);
    const marks = columns.map(() => '?').join();
    database.prepare(`INSERT INTO job VALUES (1, ${marks})`).run(...columns);
  },
  advice: JOB_ADVICE,
};
