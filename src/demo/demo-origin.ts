import { createHash } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DemoObject, demoObjects } from './demo-objects.ts';

/** How the bundled master misbehaves, and how often it did. */
export const MISHAPS = {
  unavailable: 'answered 503 with Retry-After',
  broken: 'answered 500',
  cut: 'cut the body short',
  reset: 'reset the connection',
  corrupt: 'sent bytes that do not match their Content-MD5',
} as const;

export type Mishap = keyof typeof MISHAPS;

/** The bundled origin: a master that fails in several ways, and a slave that does not. */
export interface DemoOrigin {
  /** Base URLs. */
  readonly master: string;
  readonly slave: string;
  readonly objects: readonly DemoObject[];
  readonly mishaps: ReadonlyMap<Mishap, number>;
  /** Requests that the slave answered. */
  readonly slaveRequests: () => number;
  readonly close: () => Promise<void>;
}

/** So that the demo can be interrupted half-way, no answer comes faster than this. */
const LATENCY_MS = 40;
/** One request in so many meets a mishap at the master. */
const MISHAP_EVERY = 4;

/** Starts both servers on loopback ports of the system's choice. */
export async function startDemoOrigin(): Promise<DemoOrigin> {
  const objects = demoObjects();
  const byPath = new Map(objects.map((object) => [pathOf(object.key), object]));
  const mishaps = new Map<Mishap, number>();
  let masterRequests = 0;
  let slaveRequests = 0;

  const master = createServer(
    listener(byPath, (object, request, response) => {
      masterRequests += 1;
      const kinds = Object.keys(MISHAPS) as Mishap[];
      const turn = Math.floor(masterRequests / MISHAP_EVERY) % kinds.length;
      // An empty body can be neither cut nor corrupted.
      const due = masterRequests % MISHAP_EVERY === 0 && object.body.length > 0;
      const kind = due ? kinds[turn] : undefined;
      if (kind === undefined) {
        send(response, object);
        return;
      }
      mishaps.set(kind, (mishaps.get(kind) ?? 0) + 1);
      misbehave(kind, object, request, response);
    }),
  );
  const slave = createServer(
    listener(byPath, (object, _request, response) => {
      slaveRequests += 1;
      send(response, object);
    }),
  );
  return {
    master: await listen(master),
    slave: await listen(slave),
    objects,
    mishaps,
    slaveRequests: () => slaveRequests,
    close: async () => {
      await Promise.all([close(master), close(slave)]);
    },
  };
}

type Answer = (object: DemoObject, request: IncomingMessage, response: ServerResponse) => void;

function listener(byPath: ReadonlyMap<string, DemoObject>, answer: Answer): RequestListener {
  return (request, response) => {
    const object = byPath.get(request.url ?? '');
    // Without a listener, a client that is killed would end this process as well.
    response.on('error', () => undefined);
    sleep(LATENCY_MS).then(
      () => {
        if (object === undefined) response.writeHead(404).end('no such object\n');
        else answer(object, request, response);
      },
      () => undefined,
    );
  };
}

function misbehave(
  kind: Mishap,
  object: DemoObject,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  switch (kind) {
    case 'unavailable':
      response.writeHead(503, { 'retry-after': '0' }).end();
      return;
    case 'broken':
      response.writeHead(500).end();
      return;
    case 'reset':
      request.socket.resetAndDestroy();
      return;
    case 'cut':
      response.writeHead(200, headersOf(object));
      response.write(object.body.subarray(0, object.body.length / 2), () => {
        request.socket.destroy();
      });
      return;
    case 'corrupt': {
      const wrong = Buffer.from(object.body);
      wrong[0] = (wrong[0] ?? 0) ^ 1;
      response.writeHead(200, headersOf(object)).end(wrong);
      return;
    }
  }
}

function send(response: ServerResponse, object: DemoObject): void {
  response.writeHead(200, headersOf(object)).end(object.body);
}

function headersOf(object: DemoObject): Record<string, string | number> {
  return {
    'content-type': object.type,
    'content-length': object.body.length,
    'content-md5': createHash('md5').update(object.body).digest('base64'),
    etag: `"${object.sha256.slice(0, 16)}"`,
  };
}

/** The path that a client asks for: each segment percent-encoded (RFC 3986), slashes as they are. */
function pathOf(key: string): string {
  const encoded = key
    .split('/')
    .map((segment) =>
      encodeURIComponent(segment).replace(
        /[!'()*]/g,
        (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    );
  return `/${encoded.join('/')}`;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return `http://127.0.0.1:${String(address.port)}/`;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
