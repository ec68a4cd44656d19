import { type Log, openLog } from '../report/log.ts';
import type { LogOptions } from './run-options.ts';
import type { Surroundings } from './surroundings.ts';

/** The log on stderr. `--quiet` leaves only what is wrong, whatever the level. */
export function logTo({ stderr }: Surroundings, { quiet, logLevel, logFormat }: LogOptions): Log {
  return openLog({
    level: quiet === true ? 'error' : logLevel,
    format: logFormat,
    write: (line) => stderr.write(line),
  });
}
