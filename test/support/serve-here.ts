import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { main } from '../../src/cli/main.ts';
import { processSurroundings, type Surroundings } from '../../src/cli/surroundings.ts';
import type { Workplace } from './workplace.ts';

/** One line of `serve --json`. */
export interface ServeEvent {
  readonly event: string;
  readonly key?: string;
  readonly mark?: string;
  readonly status?: number;
  readonly outcome?: string;
  readonly code?: string;
  readonly cut?: boolean;
  readonly neededOrigin?: boolean;
}

/** A `serve` in this process. */
export interface ServeHere {
  /** `http://127.0.0.1:port`, without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** Everything on stderr so far. */
  readonly log: () => string;
  readonly events: () => readonly ServeEvent[];
  /** The first event that fits, which may be yet to come; the test's timeout ends the wait. */
  readonly event: (fits: (event: ServeEvent) => boolean) => Promise<ServeEvent>;
  /** Sends SIGTERM. */
  readonly terminate: () => void;
  /** Resolves with the exit code. */
  readonly exit: Promise<number>;
  /** SIGTERM twice, and its end: what is under way is not waited for. */
  readonly stop: () => Promise<void>;
}

export interface ServeHereOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Surroundings['clock'];
}

const ANSWERS_ON = /answers on (http:\/\/[^/\s]+:(\d+))\//;

/**
 * Runs `serve` on a port that the system gives, by the rules of a workplace.
 * @throws where it ends instead of answering, with what it said.
 */
export async function serveHere(
  place: Pick<Workplace, 'rules'>,
  { args = [], env = {}, clock }: ServeHereOptions = {},
): Promise<ServeHere> {
  const stdout = gathered();
  const stderr = gathered();
  const listeners = new Set<(signal: 'SIGTERM') => void>();
  const surroundings: Surroundings = {
    ...processSurroundings(),
    ...(clock === undefined ? {} : { clock, steadyClock: clock }),
    env,
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    exitNow: () => undefined,
    onReload: () => () => undefined,
    onSignal: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const flags = ['--listen', '127.0.0.1:0', '--admin', 'off', '--json', ...args];
  let exitCode: number | undefined;
  const exit = main(['serve', place.rules, ...flags], surroundings).finally(() => {
    exitCode ??= -1;
    stderr.wake();
  });
  const [, url = '', port = ''] = await found(stderr, ANSWERS_ON, () => exitCode !== undefined);
  const terminate = (): void => {
    for (const listener of listeners) listener('SIGTERM');
  };
  const events = (): ServeEvent[] => stdout.text().split('\n').slice(0, -1).map(parse);
  return {
    url,
    port: Number(port),
    log: () => stderr.text(),
    events,
    event: async (fits) => {
      for (;;) {
        const event = events().find(fits);
        if (event !== undefined) return event;
        await once(stdout.stream, 'more');
      }
    },
    terminate,
    exit,
    stop: async () => {
      terminate();
      terminate();
      await exit;
    },
  };
}

const parse = (line: string): ServeEvent => JSON.parse(line) as ServeEvent;

interface Gathered {
  /** Emits `more` whenever there is more of it. */
  readonly stream: Writable;
  readonly text: () => string;
  readonly wake: () => void;
}

function gathered(): Gathered {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
      stream.emit('more');
    },
  });
  return { stream, text: () => text, wake: () => stream.emit('more') };
}

async function found(
  { stream, text }: Gathered,
  pattern: RegExp,
  isOver: () => boolean,
): Promise<RegExpExecArray> {
  for (;;) {
    const match = pattern.exec(text());
    if (match !== null) return match;
    if (isOver()) throw new Error(`serve ended before it answered: ${text()}`);
    await once(stream, 'more');
  }
}
