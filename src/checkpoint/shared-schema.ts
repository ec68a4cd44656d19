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
 */
export const SHARED_SCHEMA: StateSchema = {
  // "bkts"
  applicationId: 0x62_6b_74_73,
  version: 1,
  tables: [
    sealedTable('head', false),
    sealedTable('pending', true),
    sealedTable('claim', false),
    sealedTable('hour', true),
    sealedTable('needed', true),
  ],
  seed(database) {
    new HeadTable(database).write(EMPTY_HEAD);
  },
  advice: {
    afresh:
      'move it away with all that stands beside it while no bucketfill runs, then pending fetches and the cutover gauge begin afresh',
    again: 'then start again, nothing that was acknowledged is lost',
  },
};
