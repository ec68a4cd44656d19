import type { ServeEvent } from '../support/serve-here.ts';
import { type ProcessUsage, type ServeProcess, serveProcess } from '../support/serve-process.ts';
import { STORE_ENV } from '../support/store-rules.ts';
import type { Workplace } from '../support/workplace.ts';

/** What one process came to. */
export interface LifeReport {
  readonly seconds: number;
  readonly end: 'SIGKILL' | 'SIGTERM';
  /** From the signal to the process's end. */
  readonly endMs: number;
  /** Null where it was killed. */
  readonly exitCode: number | null;
  /** Medians of the first and the last third of its samples. */
  readonly rssMiB: readonly [first: number, last: number, most: number];
  readonly mostDescriptors: number;
  readonly startedMs: number;
}

const SAMPLE_MS = 500;
const MIB = 1024 ** 2;

/** A process under load, looked at now and then. */
export interface ServeLife {
  readonly serve: ServeProcess;
  /** Before anybody came. */
  readonly idle: ProcessUsage;
  /** Ends it; resolves when it is gone. */
  readonly end: (signal: 'SIGKILL' | 'SIGTERM') => Promise<LifeReport>;
}

export async function beginLife(
  place: Workplace,
  onEvent: (event: ServeEvent) => void,
): Promise<ServeLife> {
  const serve = await serveProcess(place, STORE_ENV, onEvent);
  const startedMs = Date.now();
  const idle = await serve.usage();
  const samples: ProcessUsage[] = [];
  const sampling = setInterval(() => {
    // It may be gone by the time that it is looked at.
    serve.usage().then(
      (usage) => samples.push(usage),
      () => undefined,
    );
  }, SAMPLE_MS);
  return {
    serve,
    idle,
    end: async (signal) => {
      clearInterval(sampling);
      const atMs = Date.now();
      serve.kill(signal);
      const { code } = await serve.exit;
      const rss = samples.map(({ rssBytes }) => rssBytes / MIB);
      const third = Math.ceil(rss.length / 3);
      return {
        seconds: Math.round((atMs - startedMs) / 1000),
        end: signal,
        endMs: Date.now() - atMs,
        exitCode: code,
        rssMiB: [
          median(rss.slice(0, third)),
          median(rss.slice(-third)),
          Math.round(Math.max(0, ...rss)),
        ],
        mostDescriptors: Math.max(0, ...samples.map(({ descriptors }) => descriptors)),
        startedMs,
      };
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0);
}
