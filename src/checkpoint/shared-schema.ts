import type { StateSchema } from './open-database.ts';
import { sealedTable } from './sealed-table.ts';
import { EMPTY_HEAD, HeadTable } from './shared-head.ts';

/**
 * The file that all processes on one bucket share:
 *
 * - `head`: its only row; the tallies of the others
 * - `pending`: fills that were promised, ranked in the order in which they were recorded
 * - `claim`: keys that somebody fetches
 * - `hour`: answers of an hour and a rule, ranked by the hour
 * - `needed`: keys that needed an origin, ranked by the last time
 * - `vendor`: configurations that vendors' calls brought, ranked in the order of their coming
 * - `upload`: multipart uploads under way, by the process whose they are and the key
 */
export const SHARED_SCHEMA: StateSchema = {
  // "bkts"
  applicationId: 0x62_6b_74_73,
  version: 2,
  tables: [
    sealedTable('head', false),
    sealedTable('pending', true),
    sealedTable('claim', false),
    sealedTable('hour', true),
    sealedTable('needed', true),
    sealedTable('vendor', true),
    sealedTable('upload', false),
  ],
  upgrades: new Map([[1, 5]]),
  seed(database) {
    new HeadTable(database).write(EMPTY_HEAD);
  },
  advice: {
    afresh:
      "move it away with all that stands beside it while no bucketfill runs, then pending fetches, the cutover gauge and vendors' rules begin afresh",
    again: 'then start again, nothing that was acknowledged is lost',
  },
};
