import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { deadPort } from '../support/site.ts';

const run = promisify(execFile);

/** Web servers that make index pages of one tree, by the name of their style. */
export interface IndexServers {
  readonly urls: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

const HOST = '127.0.0.1';

/** Starts nginx, Apache, lighttpd, Caddy and Python over `tree`; `folder` is for their files. */
export async function startIndexServers(folder: string, tree: string): Promise<IndexServers> {
  await chmod(folder, 0o755);
  const styles = [
    ...['nginx html', 'nginx rounded', 'nginx json', 'nginx xml'],
    ...['apache plain', 'apache fancy', 'apache table', 'apache xhtml'],
    ...['lighttpd', 'caddy', 'python'],
  ];
  const ports = new Map<string, number>();
  for (const style of styles) ports.set(style, await deadPort());
  const port = (style: string): number => ports.get(style) ?? 0;
  const children = [
    await nginx(folder, tree, port),
    await apache(folder, tree, port),
    await lighttpd(folder, tree, port('lighttpd')),
    await caddy(folder, tree, port('caddy')),
    start('python3', ['-m', 'http.server', String(port('python')), '--bind', HOST], { cwd: tree }),
  ];
  const urls = Object.fromEntries(styles.map((style) => [style, `http://${HOST}:${port(style)}/`]));
  await Promise.all(Object.values(urls).map(answering));
  return {
    urls,
    stop: async () => {
      await Promise.all(children.map(ended));
    },
  };
}

type Port = (style: string) => number;

async function nginx(folder: string, tree: string, port: Port): Promise<ChildProcess> {
  const server = (style: string, more: string): string =>
    `server { listen ${HOST}:${port(style)}; root ${tree}; autoindex on; ${more} }`;
  const config = await written(
    folder,
    'nginx.conf',
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events { worker_connections 256; }
http {
  access_log off; default_type application/octet-stream;
  client_body_temp_path ${folder}/t1; proxy_temp_path ${folder}/t2; fastcgi_temp_path ${folder}/t3;
  uwsgi_temp_path ${folder}/t4; scgi_temp_path ${folder}/t5;
  ${server('nginx html', '')}
  ${server('nginx rounded', 'autoindex_exact_size off;')}
  ${server('nginx json', 'autoindex_format json;')}
  ${server('nginx xml', 'autoindex_format xml;')}
}`,
  );
  return start('nginx', ['-c', config, '-e', `${folder}/nginx.log`]);
}

async function apache(folder: string, tree: string, port: Port): Promise<ChildProcess> {
  const modules = ['mpm_event', 'authz_core', 'dir', 'autoindex', 'mime', 'alias'];
  const host = (style: string, options: string): string =>
    `Listen ${HOST}:${port(style)}
<VirtualHost ${HOST}:${port(style)}>
DocumentRoot ${tree}
${options === '' ? '' : `IndexOptions ${options}`}
</VirtualHost>`;
  const config = await written(
    folder,
    'apache.conf',
    `ServerRoot /usr/lib/apache2
${modules.map((name) => `LoadModule ${name}_module modules/mod_${name}.so`).join('\n')}
TypesConfig /etc/mime.types
PidFile ${folder}/apache.pid
ErrorLog ${folder}/apache.log
ServerName localhost
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
AddIcon /icons/unknown.png .txt
DefaultIcon /icons/unknown.png
<Directory ${tree}>
Require all granted
Options Indexes FollowSymLinks
</Directory>
${host('apache plain', '')}
${host('apache fancy', 'FancyIndexing NameWidth=20')}
${host('apache table', 'FancyIndexing HTMLTable IconsAreLinks')}
${host('apache xhtml', 'FancyIndexing HTMLTable XHTML FoldersFirst')}
`,
  );
  return start('apache2', ['-f', config, '-DFOREGROUND']);
}

async function lighttpd(folder: string, tree: string, port: number): Promise<ChildProcess> {
  const config = await written(
    folder,
    'lighttpd.conf',
    `server.document-root = "${tree}"
server.port = ${port}
server.bind = "${HOST}"
server.modules = ("mod_dirlisting")
dir-listing.activate = "enable"
dir-listing.hide-dotfiles = "disable"
`,
  );
  return start('lighttpd', ['-D', '-f', config]);
}

async function caddy(folder: string, tree: string, port: number): Promise<ChildProcess> {
  const config = await written(
    folder,
    'Caddyfile',
    `{\n  admin off\n  auto_https off\n}\nhttp://${HOST}:${port} {\n  root * ${tree}\n  file_server browse\n}\n`,
  );
  const home = path.join(folder, 'caddy');
  await mkdir(home);
  const env = { PATH: process.env['PATH'] ?? '', HOME: home };
  return start('caddy', ['run', '--config', config, '--adapter', 'caddyfile'], { env });
}

async function written(folder: string, name: string, text: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, text);
  return file;
}

function start(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): ChildProcess {
  return spawn(command, args, { stdio: 'ignore', ...options });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}

async function answering(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { stdout } = await run('curl', ['-so', '/dev/null', '-w', '%{http_code}', url]).catch(
      () => ({ stdout: '' }),
    );
    if (stdout === '200') return;
    await sleep(50);
  }
  throw new Error(`nobody answers at ${url}`);
}
