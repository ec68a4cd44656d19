import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** An object of which the rest comes when the test says so. */
export interface GatedObject {
  readonly body: Buffer | string;
  readonly headers?: OutgoingHttpHeaders;
  /** Bytes that come at once; default all. -1: not even the head. */
  readonly sent?: number;
  /** Ranges are answered by 206, whole and at once. */
  readonly ranges?: boolean;
  /** No Content-Length. */
  readonly chunked?: boolean;
}

/** An origin whose bodies flow as far as a test lets them. */
export interface GatedOrigin {
  /** `http://127.0.0.1:port`, without a slash at its end. */
  readonly url: string;
  readonly hold: (path: string, object: GatedObject) => void;
  /** The rest comes, for those who asked and for those who are going to. */
  readonly release: (path: string) => void;
  /** The connections of those who wait for the rest are broken. */
  readonly cut: (path: string) => void;
  readonly requestsFor: (
    path: string,
  ) => readonly { readonly method: string; readonly headers: IncomingHttpHeaders }[];
  /** Resolves when so many requests for the path came. */
  readonly asked: (path: string, times?: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

interface Held {
  readonly object: GatedObject;
  readonly waiting: Set<{ readonly response: ServerResponse; readonly rest: () => void }>;
  isOpen: boolean;
}

export async function gatedOrigin(): Promise<GatedOrigin> {
  const objects = new Map<string, Held>();
  const requests: { path: string; method: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request;
    requests.push({ path, method, headers });
    server.emit('asked');
    const held = objects.get(path);
    if (held === undefined) response.writeHead(404).end();
    else answer(held, method, headers.range, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const requestsFor = (path: string) => requests.filter((request) => request.path === path);
  return {
    url: `http://127.0.0.1:${String(port)}`,
    requestsFor,
    hold: (path, object) => objects.set(path, { object, waiting: new Set(), isOpen: false }),
    release: (path) => {
      const held = objects.get(path);
      if (held === undefined) return;
      held.isOpen = true;
      for (const { rest } of held.waiting) rest();
      held.waiting.clear();
    },
    cut: (path) => {
      for (const { response } of objects.get(path)?.waiting ?? []) response.destroy();
    },
    asked: async (path, times = 1) => {
      while (requestsFor(path).length < times) await once(server, 'asked');
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answer(
  held: Held,
  method: string,
  range: string | undefined,
  response: ServerResponse,
): void {
  const { object, waiting } = held;
  const body = Buffer.from(object.body);
  const part = object.ranges === true ? /^bytes=(\d+)-(\d*)$/.exec(range ?? '') : null;
  if (part !== null) {
    const [first, last] = [Number(part[1]), Number(part[2] || body.length - 1)];
    const told = `bytes ${first}-${last}/${body.length}`;
    const headers = {
      ...object.headers,
      'content-range': told,
      'content-length': last - first + 1,
    };
    response.writeHead(206, headers).end(body.subarray(first, last + 1));
    return;
  }
  const { sent = body.length } = object;
  const length = object.chunked === true ? {} : { 'content-length': body.length };
  const begin = (): void => {
    response.writeHead(200, { ...object.headers, ...length });
    response.write(body.subarray(0, Math.max(0, sent)));
  };
  const rest = (): void => {
    if (sent < 0) begin();
    response.end(body.subarray(Math.max(0, sent)));
  };
  if (sent >= 0) begin();
  if (method === 'HEAD' || held.isOpen || sent >= body.length) rest();
  else waiting.add({ response, rest });
}
