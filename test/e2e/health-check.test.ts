import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OriginEvent } from '../../src/model/event.ts';
import type { ServeStatus } from '../../src/model/serve-status.ts';
import { runCli } from '../support/run-cli.ts';
import { serveHere, type ServeEvent, type ServeHere } from '../support/serve-here.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

/** A site that gives its name for every key, and says at `/health` how it is. */
interface NamedSite {
  readonly url: string;
  readonly server: Server;
  /** The status of `/health` from now on. */
  health: number;
  /** Requests for anything but `/health`. */
  readonly objects: string[];
  readonly probes: IncomingMessage[];
}

async function namedSite(name: string): Promise<NamedSite> {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.url?.startsWith('/health') === true) {
      site.probes.push(request);
      server.emit('probed');
      response.writeHead(site.health, { location: '/a' }).end('x'.repeat(100_000));
      return;
    }
    site.objects.push(request.url ?? '');
    response.writeHead(200, { 'content-length': name.length, etag: '"v"' }).end(name);
  };
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  const site: NamedSite = { url, server, health: 200, objects: [], probes: [] };
  return site;
}

/** Waits until a site was probed so often since its begin. */
async function probed({ server, probes }: NamedSite, times: number): Promise<void> {
  while (probes.length < times) await once(server, 'probed');
}

let master: NamedSite;
let slave: NamedSite;
let place: Workplace;
let proxy: ServeHere | undefined;

beforeEach(async () => {
  [master, slave] = await Promise.all([namedSite('master'), namedSite('slave')]);
  place = await workplace(rules('fall: 2, rise: 2'));
});
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
  for (const { server } of [master, slave]) {
    server.closeAllConnections();
    server.close();
  }
  await place.remove();
});

function rules(check: string, more = ''): string {
  const healthCheck = `{ url: "${master.url}health?deep=1", every: 5ms, ${check} }`;
  return rulesFor([master.url], [slave.url], `      healthCheck: ${healthCheck}\n${more}`);
}

async function start(args: readonly string[] = []): Promise<ServeHere> {
  proxy = await serveHere(place, { args });
  return proxy;
}

const origins = (from: ServeHere): OriginEvent[] =>
  from.events().filter((event): event is ServeEvent & OriginEvent => event.event === 'origin');
const nth = (from: ServeHere, count: number) => from.event(() => origins(from).length >= count);
const read = async (key: string): Promise<string> =>
  (await fetch(`${proxy?.url ?? ''}/${key}`)).text();

describe('serve with a health check', () => {
  test('asks the slave while the master is ill, and the master again when it is well', async () => {
    const from = await start();
    expect(await read('a')).toBe('master');
    master.health = 503;
    await nth(from, 1);
    expect(await read('b')).toBe('slave');
    expect(master.objects).toEqual(['/a']);
    master.health = 200;
    await nth(from, 2);
    expect(await read('c')).toBe('master');
    const check = `health check ${master.url}health`;
    expect(origins(from)).toEqual([
      {
        ...{ event: 'origin', origin: master.url, state: 'open' },
        reason: `${check}: 2 failures in a row: 503`,
      },
      {
        ...{ event: 'origin', origin: master.url, state: 'closed' },
        reason: `${check}: 2 successes in a row`,
      },
    ]);
    expect(master.probes[0]?.url).toBe('/health?deep=1');
    expect(from.log()).not.toContain('deep');
  });

  test('still serves where everything is ill', async () => {
    await place.writeRules(rules('fall: 1').replace(`["${slave.url}"]`, '[]'));
    master.health = 500;
    const from = await start();
    await nth(from, 1);
    expect(await read('a')).toBe('master');
  });

  test('takes a redirect for ill, and does not follow it', async () => {
    master.health = 302;
    const from = await start();
    await nth(from, 1);
    expect(origins(from)[0]?.reason).toContain(': 302');
    expect(master.objects).toEqual([]);
  });

  test('shows the state on the status page and in the metrics', async () => {
    master.health = 503;
    const from = await start(['--admin', '127.0.0.1:0']);
    await nth(from, 1);
    const [, url = ''] = /status page on (http:\S+)\//.exec(from.log()) ?? [];
    const status = (await (await fetch(`${url}/api/status`)).json()) as ServeStatus;
    expect(status.origins).toMatchObject([{ origin: master.url, state: 'open' }]);
    expect(status.origins[0]?.reason).toContain('health check');
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain(`bucketfill_origin_breaker_state{origin="${master.url}"} 2`);
  });

  test('of another host speaks for all masters, and gets nothing of theirs', async () => {
    await place.writeRules(
      rules('fall: 1')
        .replace(
          `masters: ["${master.url}"]`,
          `masters: [{ url: "${master.url}", headers: { x-own: mine } }]`,
        )
        .replace(`${master.url}health`, `${slave.url}health`)
        .replace(`slaves: ["${slave.url}"]`, 'slaves: ["http://localhost:1/"]'),
    );
    slave.health = 503;
    const from = await start();
    await nth(from, 1);
    expect(origins(from)[0]).toMatchObject({ origin: master.url, state: 'open' });
    expect(slave.probes[0]?.headers['x-own']).toBeUndefined();
  });

  test('of the master has what the master is given', async () => {
    await place.writeRules(
      rules('fall: 1').replace(
        `masters: ["${master.url}"]`,
        `masters: [{ url: "${master.url}", hostHeader: www.example.com, headers: { x-own: mine } }]`,
      ),
    );
    await start();
    await probed(master, 1);
    expect(master.probes[0]?.headers).toMatchObject({ host: 'www.example.com', 'x-own': 'mine' });
  });

  test('never asks an address that the policy refuses', async () => {
    await place.writeRules(rules('fall: 1').replace('allowPrivate: true', 'allowPrivate: false'));
    const from = await start();
    await nth(from, 1);
    expect(origins(from)[0]?.reason).toMatch(/private|loopback/);
    expect(master.probes).toEqual([]);
  });

  test('shared by rules looks once for all of them', async () => {
    const defaults = `defaults: { origins: { masters: ["${master.url}"], slaves: ["${slave.url}"], healthCheck: { url: "${master.url}health", every: 1h, fall: 1 } } }`;
    const two = '{ id: a, match: { keyPrefix: a/ } }, { id: b }';
    await place.writeRules(
      `version: 1\nallowPrivate: true\nbucket: { url: "file:./bucket" }\n${defaults}\nrules: [${two}]\n`,
    );
    master.health = 503;
    const from = await start();
    await nth(from, 1);
    expect(await read('a/x')).toBe('slave');
    expect(await read('y')).toBe('slave');
    expect(master.probes).toHaveLength(1);
    expect(origins(from)).toHaveLength(1);
  });

  test('ends its probes with the rules that they are of, and with itself', async () => {
    const args = ['--admin', '127.0.0.1:0'];
    proxy = await serveHere(place, { args, env: { BUCKETFILL_ADMIN_TOKEN: 'let-me' } });
    await probed(master, 1);
    await place.writeRules(rules('fall: 2').replace(`${master.url}health`, `${slave.url}health`));
    const [, url = ''] = /status page on (http:\S+)\//.exec(proxy.log()) ?? [];
    const headers = { authorization: 'Bearer let-me' };
    const reloaded = await fetch(`${url}/api/reload`, { method: 'POST', headers });
    expect(await reloaded.json()).toMatchObject({ ok: true });
    await probed(slave, 5);
    const ofMaster = master.probes.length;
    await probed(slave, 50);
    expect(master.probes).toHaveLength(ofMaster);
    await proxy.stop();
    const ofSlave = slave.probes.length;
    await place.writeRules(rules('fall: 2'));
    await start();
    await probed(master, ofMaster + 50);
    expect(slave.probes).toHaveLength(ofSlave);
  });
});

test('rules that serve refuses leave no health check behind', async () => {
  const redirect =
    '  - { id: b, action: redirect, origins: { masters: [{ url: { env: NOT_SET } }] } }\n';
  await place.writeRules(`${rules('fall: 2')}${redirect}`);
  // It would hang: a health check that goes on keeps its sockets, and what closes it is not there.
  await expect(serveHere(place)).rejects.toThrow('NOT_SET is not set');
  expect(master.probes).toEqual([]);
});

describe('migrate with a health check', () => {
  test('copies, and its process ends', async () => {
    master.health = 503;
    await place.list(['a', 'b']);
    const run = await place.migrate([], { ownProcess: true });
    expect(run.code).toBe(0);
    expect(run.summary).toMatchObject({ copied: 2, failed: 0 });
    expect(master.probes.length).toBeGreaterThan(0);
  });
});

test('check has nothing to say of a health check', async () => {
  const checked = await runCli(['check', place.rules, '--json', '--strict']);
  expect(checked).toMatchObject({ code: 0, stdout: '[]\n' });
});
