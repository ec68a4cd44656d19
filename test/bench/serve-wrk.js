import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';

/** More than one asks from a third processor on: until then it would only take time from others. */
const THREADS = 1;

/** Tells all in one line; with a prefix each request is for another key below it. */
const SCRIPT = `
local prefix, count = nil, 0
function init(args)
  prefix = args[1]
  if prefix then
    request = function()
      count = count + 1
      return wrk.format('GET', prefix .. count)
    end
  end
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\\n{"requests":%d,"microseconds":%d,"bytes":%d,"p50":%d,"p99":%d,"failed":%d,"refused":%d}\\n',
    summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.timeout, e.status))
end
`;

/** Writes what {@link wrk} needs into a folder, and gives its place. */
export async function writeWrkScript(folder) {
  const file = path.join(folder, 'wrk.lua');
  await writeFile(file, SCRIPT);
  return file;
}

/**
 * Asks for a while over kept connections.
 * @param {{ script: string, url: string, connections: number, seconds: number, prefix?: string }} load
 *   with `prefix` each request is for a new key below it
 * @returns {Promise<{ requests: number, perS: number, p50Ms: number, p99Ms: number, failed: number, refused: number }>}
 *   refused: answers that are not 2xx or 3xx
 */
export async function wrk({ script, url, connections, seconds, prefix }) {
  const options = ['-t', THREADS, '-c', connections, '-d', `${seconds}s`, '--timeout', '20s'];
  const own = prefix === undefined ? [] : ['--', prefix];
  const args = [...options, '--latency', '-s', script, url, ...own];
  const child = spawn('wrk', args.map(String), { stdio: ['ignore', 'pipe', 'pipe'] });
  child.once('error', () => process.stderr.write('wrk is needed: apt-get install wrk\n'));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  await once(child, 'close');
  const [line] = /^\{.*\}$/m.exec(said) ?? [];
  if (line === undefined) throw new Error(`wrk told nothing: ${said}`);
  const { requests, microseconds, p50, p99, failed, refused } = JSON.parse(line);
  const perS = requests / (microseconds / 1e6);
  return { requests, perS, p50Ms: p50 / 1000, p99Ms: p99 / 1000, failed, refused };
}
