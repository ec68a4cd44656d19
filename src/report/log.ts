import { createRequire } from 'node:module';
import type * as Pino from 'pino';

/** From the quietest to the noisiest. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Lines about the program's own doings; what became of objects is told by events. */
export interface Log {
  readonly warn: (text: string) => void;
  readonly info: (text: string) => void;
  readonly debug: (text: string) => void;
}

export interface LogSettings {
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
  /** Takes whole lines, with their line ends. */
  readonly write: (line: string) => void;
}

/** A log as plain lines for people, `bucketfill: …`, or as one JSON object a line for collectors. */
export function openLog({ level, format, write }: LogSettings): Log {
  return format === 'json' ? jsonLog(level, write) : textLog(level, write);
}

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

function textLog(level: LogLevel, write: LogSettings['write']): Log {
  const noisiest = LEVELS.indexOf(level);
  const at = (own: LogLevel) => (text: string) => {
    if (LEVELS.indexOf(own) > noisiest) return;
    write(`bucketfill: ${own === 'info' ? '' : `${own}: `}${text}\n`);
  };
  return { warn: at('warn'), info: at('info'), debug: at('debug') };
}

/** Loads pino, which people's lines can do without: commands start sooner. */
function jsonLog(level: LogLevel, write: LogSettings['write']): Log {
  const { pino } = createRequire(import.meta.url)('pino') as typeof Pino;
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return {
    warn: (text) => {
      logger.warn(text);
    },
    info: (text) => {
      logger.info(text);
    },
    debug: (text) => {
      logger.debug(text);
    },
  };
}
