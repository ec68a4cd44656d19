import { join } from 'node:path';
import type { GaugeRecord } from '../model/gauge-store.ts';
import { readStateFile } from './read-state-file.ts';
import { SharedGauge } from './shared-gauge.ts';
import { HeadTable } from './shared-head.ts';
import { SHARED_SCHEMA } from './shared-schema.ts';

/**
 * What the cutover gauge of a shared store holds, without changing the store: serve may be at work.
 * @param directory the store's, as `openSharedStore` is given it
 * @returns undefined where there is no such store.
 * @throws FatalError `state-unusable`.
 */
export function readGauge(directory: string): GaugeRecord | undefined {
  return readStateFile(join(directory, 'shared.db'), SHARED_SCHEMA, (database) => {
    const head = new HeadTable(database).read();
    const gauge = new SharedGauge(database);
    gauge.verify(head);
    return gauge.load(head);
  });
}
