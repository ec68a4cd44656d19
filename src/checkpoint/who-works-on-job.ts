import fs from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FatalError } from '../model/failure.ts';
import type { JobHolder } from './job-holder.ts';
import { Database } from './libsql.ts';

/** Who works on a job, and since when: ISO 8601, UTC. */
export interface JobAtWork extends JobHolder {
  readonly since: string;
}

/**
 * Who works on a job now, without taking it or waiting for it.
 *
 * Only where a note says that somebody does, the lock is looked at, which tells whether that is
 * still so: a look holds it, for a moment and together with other looks, against a run that starts.
 * @param folder the job's, where `lock.db` and `lock.json` are
 * @throws FatalError `state-unusable` where the lock can't be read.
 */
export function whoWorksOnJob(folder: string): JobAtWork | undefined {
  const note = readNote(join(folder, 'lock.json'));
  return note !== undefined && isHeld(join(folder, 'lock.db')) ? note : undefined;
}

/** The note is replaced as a whole, so what is not one is none. */
function readNote(file: string): JobAtWork | undefined {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const parsed: unknown = JSON.parse(text);
    const fields = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
    const told = new Map(fields.map(([name, value]) => [name, String(value)]));
    const field = (name: string): string => told.get(name) ?? '?';
    const [host, command, since] = [field('host'), field('command'), field('since')];
    return { pid: Number(field('pid')), host, command, since };
  } catch {
    return undefined;
  }
}

function isHeld(file: string): boolean {
  if (!fs.existsSync(file)) return false;
  let connection: InstanceType<typeof Database> | undefined;
  try {
    connection = new Database(`${pathToFileURL(file).href}?mode=ro`);
    connection.prepare('SELECT count(*) FROM sqlite_schema').raw().get();
    return false;
  } catch (error) {
    const code = error instanceof Database.SqliteError ? error.code : '';
    if (code.startsWith('SQLITE_BUSY')) return true;
    const said = error instanceof Error ? error.message : String(error);
    const why = `whether a run holds ${file} can't be told (${said}): make it readable`;
    throw new FatalError('state-unusable', why, error);
  } finally {
    connection?.close();
  }
}
