import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin/bucketfill.js', import.meta.url));

/** Runs longer than this are ended and count as hung. */
const TIMEOUT_MS = 120_000;

/** Starts a program; `exited` resolves with its exit code, null where a signal ended it. */
function start(command, args, env) {
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: 'ignore',
  });
  const exited = new Promise((resolve) => {
    child.once('error', () => resolve('not started')).once('close', (code) => resolve(code));
  });
  const timer = globalThis.setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
  return {
    kill: () => child.kill('SIGKILL'),
    exited: exited.finally(() => globalThis.clearTimeout(timer)),
  };
}

/**
 * A tool that copies the objects of a site into a directory.
 * @typedef {object} Contestant
 * @property {string} name
 * @property {(site: string, keys: readonly string[], folder: string) => Promise<{
 *   kill: () => void, exited: Promise<unknown> }>} start
 * @property {(folder: string) => Promise<Map<string, Buffer>>} stored what a reader of the
 *   directory finds, by key
 */

/** bucketfill with a key list, into a directory bucket. */
export const bucketfill = {
  name: 'bucketfill migrate',
  start: async (site, keys, folder) => {
    const rules = path.join(folder, 'rules.yaml');
    const list = path.join(folder, 'keys.txt');
    await writeFile(list, keys.map((key) => `${key}\n`).join(''));
    await writeFile(
      rules,
      `version: 1\nallowPrivate: true\nbucket: { url: "file:./bucket" }\nrules: [{ id: all, origins: { masters: ["${site}"] } }]\n`,
    );
    return start(process.execPath, [BIN, 'migrate', rules, '--keys', list, '--ui', 'none'], {});
  },
  stored: async (folder) => {
    const own = '.bucketfill-bucket/';
    const files = await filesBelow(path.join(folder, 'bucket'));
    const objects = new Map();
    for (const [name, bytes] of files) {
      const [, digits] = /^\.bucketfill-bucket\/keys\/([0-9a-f/]+)\.o$/.exec(name) ?? [];
      if (digits !== undefined) {
        objects.set(Buffer.from(digits.replaceAll('/', ''), 'hex').toString(), bytes);
      } else if (!name.startsWith(own)) objects.set(name, bytes);
    }
    return objects;
  },
};

/** rclone that walks the site's index. */
export const rcloneCopy = {
  name: 'rclone copy',
  start: async (site, _, folder) =>
    start('rclone', ['copy', ':http:', await target(folder), '--http-url', site], RCLONE_ENV),
  stored: (folder) => filesBelow(path.join(folder, 'bucket')),
};

/** rclone that is given each object's URL, one after the other. */
export const rcloneCopyUrl = {
  name: 'rclone copyurl',
  start: async (site, keys, folder) => {
    const bucket = await target(folder);
    let running;
    const one = (key) => {
      const url = site + key.split('/').map(encodeURIComponent).join('/');
      running = start('rclone', ['copyurl', url, `${bucket}/${key}`], RCLONE_ENV);
      return running.exited;
    };
    const all = async () => {
      let worst = 0;
      for (const key of keys) worst = (await one(key)) || worst;
      return worst;
    };
    return { kill: () => running.kill(), exited: all() };
  },
  stored: (folder) => filesBelow(path.join(folder, 'bucket')),
};

/** No configuration of the user's, and no proxy. */
const RCLONE_ENV = { RCLONE_CONFIG: '/dev/null', RCLONE_LOG_LEVEL: 'ERROR' };

async function target(folder) {
  const bucket = path.join(folder, 'bucket');
  await mkdir(bucket, { recursive: true });
  return bucket;
}

/** Whether rclone is installed, and which; undefined where it is not. */
export async function rcloneVersion() {
  const child = spawn('rclone', ['version'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more) => (text += more));
  const code = await new Promise((resolve) => {
    child.once('error', () => resolve(undefined)).once('close', resolve);
  });
  return code === 0 ? text.split('\n')[0] : undefined;
}

async function filesBelow(folder) {
  const files = new Map();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    files.set(path.relative(folder, file), await readFile(file));
  }
  return files;
}
