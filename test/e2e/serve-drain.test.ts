import { Agent } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, answerOf, begin } from '../support/ask.ts';
import { type GatedOrigin, gatedOrigin } from '../support/gated-origin.ts';
import { plainFiles } from '../support/oracle.ts';
import { rawConnection } from '../support/raw-connection.ts';
import { serveHere, type ServeHere } from '../support/serve-here.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const BODY = Buffer.alloc(300_000, 'one fetch for all of them. ');
const PIECE = 'a body that is written in one go '.repeat(1900);

let origin: GatedOrigin;
let place: Workplace;
let proxy: ServeHere;

beforeEach(async () => {
  origin = await gatedOrigin();
  place = await workplace(rulesFor([`${origin.url}/`]));
  proxy = await serveHere(place);
});
afterEach(async () => {
  await proxy.stop();
  await Promise.all([origin.close(), place.remove()]);
});

/** Nobody new is taken, once the signal was heard. */
async function refused(path: string): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await expect(ask(proxy.url, path)).rejects.toThrow('ECONNREFUSED');
}

test('SIGTERM finishes clients and fetches, takes nobody new, and is exit 0', async () => {
  origin.hold('/a', { body: BODY, sent: 100_000 });
  const head = await begin(proxy.url, '/a').head;
  proxy.terminate();
  await refused('/a');
  origin.release('/a');
  const answer = await answerOf(head);
  expect(answer.cut).toBe(false);
  expect(answer.body.equals(BODY)).toBe(true);
  expect(await proxy.exit).toBe(0);
  expect((await plainFiles(place.bucket)).get('a')?.equals(BODY)).toBe(true);
});

test('SIGTERM does not wait for clients that keep their connection', async () => {
  const agent = new Agent({ keepAlive: true });
  origin.hold('/a', { body: 'idle' });
  origin.hold('/b', { body: BODY, sent: 100_000 });
  await ask(proxy.url, '/a', { agent });
  const busy = await begin(proxy.url, '/b', { agent: new Agent({ keepAlive: true }) }).head;
  proxy.terminate();
  origin.release('/b');
  expect((await answerOf(busy)).cut).toBe(false);
  expect(await proxy.exit).toBe(0);
  agent.destroy();
});

test('SIGTERM tells who comes by a kept connection while it is answered that it ends', async () => {
  origin.hold('/late', { body: 'late', sent: -1 });
  const client = await rawConnection(proxy.port);
  client.send('GET /late HTTP/1.1\r\nhost: x\r\n\r\n');
  await origin.asked('/late');
  proxy.terminate();
  origin.release('/late');
  expect(await client.ended()).toBe('end');
  expect(client.text().toLowerCase()).toContain('connection: close');
  expect(client.text().endsWith('late')).toBe(true);
});

test('SIGTERM lets a slow client read what was written and not sent yet', async () => {
  // More than sockets hold, in answers that are written in one go.
  const answers = 200;
  origin.hold('/piece', { body: PIECE });
  await ask(proxy.url, '/piece');
  await proxy.event(({ event }) => event === 'filled');
  const slow = await rawConnection(proxy.port);
  slow.socket.pause();
  slow.send('GET /piece HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(answers));
  const served = () => proxy.events().filter(({ mark }) => mark === 'HIT').length;
  while (served() < answers) await new Promise((resolve) => setImmediate(resolve));
  proxy.terminate();
  await refused('/piece');
  slow.socket.resume();
  await slow.ended();
  expect(slow.text().split(PIECE)).toHaveLength(answers + 1);
  expect(await proxy.exit).toBe(0);
});

test('SIGTERM stores a fetch that no client waits for', async () => {
  origin.hold('/alone', { body: BODY, sent: 100_000 });
  const only = begin(proxy.url, '/alone');
  await only.head;
  only.leave();
  await proxy.event(({ cut }) => cut === true);
  proxy.terminate();
  origin.release('/alone');
  expect(await proxy.exit).toBe(0);
  expect((await plainFiles(place.bucket)).get('alone')?.equals(BODY)).toBe(true);
});

test('a second SIGTERM breaks clients off, stores nothing half, and says so', async () => {
  origin.hold('/a', { body: BODY, sent: 100_000 });
  const head = await begin(proxy.url, '/a').head;
  proxy.terminate();
  proxy.terminate();
  expect((await answerOf(head)).cut).toBe(true);
  await proxy.exit;
  expect((await plainFiles(place.bucket)).has('a')).toBe(false);
  expect(proxy.log()).not.toContain('bug');
});
