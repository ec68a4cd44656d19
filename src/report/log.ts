import { pino } from 'pino';

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
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write:
        format === 'json'
          ? write
          : (line: string) => {
              write(textLine(line));
            },
    },
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

function textLine(line: string): string {
  const { level, msg } = JSON.parse(line) as { readonly level: LogLevel; readonly msg: string };
  return `bucketfill: ${level === 'info' ? '' : `${level}: `}${msg}\n`;
}
