import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A state that a state directory holds. */
export interface KeptState {
  /** The job's directory name; `openJob` takes it for a name. */
  readonly job: string;
  /** Where `checkpoint.db` is. */
  readonly directory: string;
  /** `--new-job` put it here, so nobody works on it any more. */
  readonly setAside: boolean;
  /** When it was last written, milliseconds since the epoch. */
  readonly changedMs: number;
}

const SET_ASIDE = /^(.+)\.old-[0-9TZ-]+$/;

/** Every state below `stateDir`, by name; none where there is no such directory. */
export async function listStates(stateDir: string): Promise<readonly KeptState[]> {
  const jobs = join(stateDir, 'jobs');
  const names = await readdir(jobs).catch(() => []);
  const found: KeptState[] = [];
  for (const name of names.sort()) {
    const [, job] = SET_ASIDE.exec(name) ?? [];
    const directory = job === undefined ? join(jobs, name, 'state') : join(jobs, name);
    const file = await stat(join(directory, 'checkpoint.db')).catch(() => undefined);
    if (file === undefined) continue;
    found.push({
      job: job ?? name,
      directory,
      setAside: job !== undefined,
      changedMs: file.mtimeMs,
    });
  }
  return found;
}
