import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { type DemoProcess, playDemo } from '../../demo/demo-script.ts';
import type { RunEvent } from '../../model/event.ts';
import { EXIT } from '../../model/exit-code.ts';
import { objectKey } from '../../model/object-key.ts';
import { openDirectory } from '../open-bucket.ts';
import { programFile } from '../program-file.ts';
import type { Surroundings } from '../surroundings.ts';

/** `bucketfill demo`: no arguments, no network, no account. */
export async function demo(surroundings: Surroundings): Promise<number> {
  const fine = await playDemo({
    say: (line) => surroundings.stdout.write(`${line}\n`),
    migrate: (args) => startMigrate(args, surroundings.env),
    readStored: async (directory, key) => {
      const { bucket } = await openDirectory('file:./bucket', directory, surroundings);
      const never = new AbortController().signal;
      return bucket.read(objectKey(key), (answer) => answer.bytes(answer.object.size), never);
    },
  });
  return fine ? EXIT.complete : EXIT.bug;
}

/** A process of its own, because it is going to be killed. */
function startMigrate(args: readonly string[], env: Surroundings['env']): DemoProcess {
  const child = spawn(process.execPath, [programFile, 'migrate', ...args], {
    env: withoutSettings(env),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  return {
    events: parsed(lines),
    kill: () => child.kill('SIGKILL'),
    exited: once(child, 'close').then(() => child.exitCode),
  };
}

async function* parsed(lines: AsyncIterable<string>): AsyncIterable<RunEvent> {
  for await (const line of lines) {
    const event = parseEvent(line);
    if (event !== undefined) yield event;
  }
}

/** A killed process may leave half a line behind. */
function parseEvent(line: string): RunEvent | undefined {
  try {
    return JSON.parse(line) as RunEvent;
  } catch {
    return undefined;
  }
}

/** The demo shows the defaults, whatever BUCKETFILL_* or proxies the user has set. */
function withoutSettings(env: Surroundings['env']): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || /^BUCKETFILL_|_proxy$/i.test(name)) continue;
    kept[name] = value;
  }
  return kept;
}
