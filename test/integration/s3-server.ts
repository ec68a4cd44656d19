import { execFile, spawn } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { conformanceClient, type StoreUnderTest } from '../contract/s3-conformance-client.ts';

const run = promisify(execFile);
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A store that runs for as long as the whole test run. */
export interface RealStore extends StoreUnderTest {
  /** Makes an empty bucket under a name of its own. */
  makeBucket(): Promise<string>;
}

/** How a kind of server is started. */
interface Recipe {
  readonly script: string;
  /** Ports on loopback that it wants; the first one answers S3. */
  readonly ports: number;
  readonly keys: Pick<StoreUnderTest, 'accessKeyId' | 'secretAccessKey'>;
  readonly startTimeoutMs: number;
}

const RADOSGW: Recipe = {
  script: 's3-radosgw.sh',
  ports: 2,
  keys: { accessKeyId: 'test', secretAccessKey: 'testtest' },
  startTimeoutMs: 120_000,
};

const SWIFT: Recipe = {
  script: 's3-swift.sh',
  ports: 4,
  keys: { accessKeyId: 'test:tester', secretAccessKey: 'testing' },
  startTimeoutMs: 60_000,
};

/** Ceph's gateway. @throws Error where it does not start */
export async function radosgw(): Promise<RealStore> {
  return realStore(RADOSGW);
}

/** Swift with s3api; undefined, and a notice on stderr, where it does not start in time. */
export async function swift(): Promise<RealStore | undefined> {
  try {
    return await realStore(SWIFT);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(`notice: swift is left out: ${why}\n`);
    return undefined;
  }
}

let buckets = 0;

async function realStore(recipe: Recipe): Promise<RealStore> {
  const endpoint = await started(recipe);
  const store = { endpoint, region: 'us-east-1', ...recipe.keys };
  return {
    ...store,
    makeBucket: async () => {
      const bucket = `b${String(process.pid)}-${String((buckets += 1))}`;
      const client = conformanceClient(store, bucket);
      const { verdict } = await client.ask({ method: 'PUT' });
      client.close();
      if (verdict !== '200') throw new Error(`no bucket at ${endpoint}: ${verdict}`);
      return bucket;
    },
  };
}

/**
 * The endpoint of a server, started by whichever test file asks first. Test files are processes of
 * their own with one parent, the test run; the server's folder is named after it and the server
 * ends when it does.
 */
async function started(recipe: Recipe): Promise<string> {
  const kind = path.basename(recipe.script, '.sh');
  const folder = path.join(os.tmpdir(), `bucketfill-${kind}-${await testRun()}`);
  const verdict = path.join(folder, 'verdict.json');
  const isFirst = await mkdir(folder).then(
    () => true,
    () => false,
  );
  if (isFirst) {
    const told = await start(recipe, folder);
    await writeFile(`${verdict}.new`, JSON.stringify(told));
    await rename(`${verdict}.new`, verdict);
  }
  for (let waitedMs = 0; waitedMs <= recipe.startTimeoutMs; waitedMs += 100) {
    const text = await readFile(verdict, 'utf8').catch(() => undefined);
    if (text !== undefined) {
      const told = JSON.parse(text) as { readonly endpoint?: string; readonly failure?: string };
      if (told.endpoint === undefined) throw new Error(told.failure);
      return told.endpoint;
    }
    await sleep(100);
  }
  throw new Error(`${recipe.script} did not come to an end`);
}

/** The parent's process id with its start time: ids are given again, and folders may be left over. */
async function testRun(): Promise<string> {
  const status = await readFile(`/proc/${String(process.ppid)}/stat`, 'utf8');
  // The name may hold spaces; behind it the start time is the 20th field (proc(5)).
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return `${String(process.ppid)}-${fields[19] ?? ''}`;
}

async function start(
  recipe: Recipe,
  folder: string,
): Promise<{ readonly endpoint: string } | { readonly failure: string }> {
  const watcher = spawn('bash', [script('s3-stop.sh'), folder, String(process.ppid)], {
    detached: true,
    stdio: 'ignore',
  });
  watcher.unref();
  const ports = await freePorts(recipe.ports);
  try {
    await run('bash', [script(recipe.script), folder, ...ports.map(String)], {
      timeout: recipe.startTimeoutMs,
    });
    return { endpoint: `http://127.0.0.1:${String(ports[0])}` };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address !== null && typeof address !== 'string') ports.push(address.port);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}
