import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { nginxFolder, startNginx } from '../support/nginx.ts';
import { deadPort } from '../support/site.ts';

/** A folder behind nginx with its own index pages, whose files a test changes between runs. */
export interface NginxSite {
  /** Base URL with its final slash. */
  readonly url: string;
  /** Writes a file that was modified then: long ago, unless told otherwise. */
  readonly put: (key: string, body: string, modifiedMs?: number) => Promise<void>;
  readonly remove: (key: string) => Promise<void>;
  /** Files that were asked for since this was last called, as `GET a.txt`; index pages are left out. */
  readonly filesAsked: () => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
}

/** No listing takes a file of that age for young. */
export const LONG_AGO_MS = Date.UTC(2020, 0, 2, 3, 4, 5);

/** Starts nginx over an empty folder. Needs nginx. */
export async function startNginxSite(): Promise<NginxSite> {
  const folder = await nginxFolder();
  const root = path.join(folder, 'site');
  await mkdir(root);
  const port = await deadPort();
  const url = `http://127.0.0.1:${String(port)}/`;
  const nginx = await startNginx(folder, url, serving(root, port), 'asked');
  let told = (await nginx.accessLog()).length;
  return {
    url,
    put: async (key, body, modifiedMs = LONG_AGO_MS) => {
      const file = path.join(root, key);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, body);
      await utimes(file, modifiedMs / 1000, modifiedMs / 1000);
    },
    remove: (key) => rm(path.join(root, key)),
    filesAsked: async () => {
      const whole = await nginx.accessLog();
      const lines = whole.slice(told).split('\n');
      told = whole.length;
      return lines.filter((line) => line !== '' && !/ (.*\/)?$| robots\.txt$/.test(line));
    },
    stop: nginx.stop,
  };
}

function serving(root: string, port: number): string {
  return `
  map $uri $key { "~^/(?<rest>.*)$" $rest; }
  log_format asked escape=none '$request_method $key';
  server { listen 127.0.0.1:${String(port)}; root ${root}; autoindex on; }`;
}
