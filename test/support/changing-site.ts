import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A file of a site as it is now. */
export interface SiteFile {
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly modifiedMs: number;
}

/** A site with index pages in nginx's style, whose files a test changes between runs. */
export interface ChangingSite {
  /** Base URL with its final slash. */
  readonly url: string;
  /** By path below the base, not encoded; whatever it holds is served. */
  readonly files: Map<string, SiteFile>;
  /** Pages and files that answer nothing but a status. */
  readonly statuses: Map<string, number>;
  /** Files that are served and not listed. */
  readonly hidden: Set<string>;
  /** `GET a.txt`, in order; index pages are `GET x/`. */
  readonly asked: string[];
  /** Called for each file that is asked for, to send it, now or later. */
  onFile: (answer: () => void) => void;
  /** Sets a file that was written long ago, or when `modifiedMs` says. */
  readonly put: (path: string, body: string, modifiedMs?: number) => void;
  readonly close: () => Promise<void>;
}

/** No listing takes a file of that age for young. */
const LONG_AGO_MS = Date.UTC(2020, 0, 2, 3, 4, 5);

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

export async function startChangingSite(): Promise<ChangingSite> {
  const files = new Map<string, SiteFile>();
  const statuses = new Map<string, number>();
  const hidden = new Set<string>();
  const asked: string[] = [];
  const state: Pick<ChangingSite, 'onFile'> = {
    onFile: (answer) => {
      answer();
    },
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '/').slice(1));
    asked.push(`${request.method ?? ''} ${path}`);
    const status = statuses.get(path);
    const file = files.get(path);
    if (status !== undefined) response.writeHead(status).end();
    else if (file === undefined) sendIndex(path, files, hidden, response);
    else state.onFile(sendFile.bind(undefined, file, request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    url: `http://127.0.0.1:${String(port)}/`,
    files,
    statuses,
    hidden,
    asked,
    put: (path: string, body: string, modifiedMs = LONG_AGO_MS) => {
      files.set(path, { body, modifiedMs });
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** As nginx does: date and ETag to the second, and an ETag of date and size. */
function sendFile(
  { body, modifiedMs }: SiteFile,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const seconds = Math.floor(modifiedMs / 1000);
  const etag = `"${seconds.toString(16)}-${Buffer.byteLength(body).toString(16)}"`;
  const headers = { etag, 'last-modified': new Date(seconds * 1000).toUTCString() };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function sendIndex(
  folder: string,
  files: ReadonlyMap<string, SiteFile>,
  hidden: ReadonlySet<string>,
  response: ServerResponse,
): void {
  const lines = new Set<string>();
  for (const [path, { body, modifiedMs }] of files) {
    if (!path.startsWith(folder) || hidden.has(path)) continue;
    const [name = '', ...rest] = path.slice(folder.length).split('/');
    const href = encodeURIComponent(name);
    if (rest.length > 0) lines.add(`<a href="${href}/">${name}/</a>   ${date(modifiedMs)}   -`);
    else {
      const size = String(Buffer.byteLength(body));
      lines.add(`<a href="${href}">${name}</a>   ${date(modifiedMs)}   ${size}`);
    }
  }
  if (folder !== '' && (lines.size === 0 || !folder.endsWith('/'))) {
    response.writeHead(404).end();
    return;
  }
  const title = `Index of /${folder}`;
  response
    .writeHead(200, { 'content-type': 'text/html' })
    .end(
      `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1><hr><pre><a href="../">../</a>\n${[...lines].join('\n')}\n</pre><hr></body>\n</html>\n`,
    );
}

function date(ms: number): string {
  const iso = new Date(ms).toISOString();
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] ?? '';
  return `${iso.slice(8, 10)}-${month}-${iso.slice(0, 4)} ${iso.slice(11, 16)}`;
}
