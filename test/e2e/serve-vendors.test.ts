import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServeStatus } from '../../src/model/serve-status.ts';
import { ask } from '../support/ask.ts';
import { type FaultOrigin, faultOrigin } from '../support/fault-origin.ts';
import { type GatedOrigin, gatedOrigin } from '../support/gated-origin.ts';
import { plainFiles } from '../support/oracle.ts';
import { type ServeHere, serveHere } from '../support/serve-here.ts';
import { serveProcess } from '../support/serve-process.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const BEARER = { authorization: 'Bearer let-me' };
const QINGSTOR = '/?mirror';
const OBS = '/?mirrorBackToSource';
const OSS = '/?website';

let site: FaultOrigin;
let other: FaultOrigin;
let place: Workplace;
let proxy: ServeHere;

beforeEach(async () => {
  [site, other] = await Promise.all([faultOrigin(), faultOrigin()]);
  place = await workplace(rulesFor([`${site.url}/`]));
  proxy = await start();
});
afterEach(async () => {
  await proxy.stop();
  await Promise.all([site.close(), other.close(), place.remove()]);
});

/** Every key of an origin is named after who has it. */
function has(origin: FaultOrigin, key: string, body: string): void {
  origin.script(`/${key}`, { body, headers: { etag: `"${body}"` } });
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<ServeHere> {
  const args = ['--admin', '127.0.0.1:0'];
  return serveHere(place, { args, env: { BUCKETFILL_ADMIN_TOKEN: 'let-me', ...env } });
}

async function restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
  await proxy.stop();
  proxy = await start(env);
}

const adminUrl = (): string => /status page on (http:\S+)\//.exec(proxy.log())?.[1] ?? '';

async function admin(target: string, method = 'GET', body?: string): Promise<Response> {
  const sent = body === undefined ? {} : { body };
  return fetch(`${adminUrl()}${target}`, { method, headers: BEARER, ...sent });
}

async function put(target: string, document: string): Promise<number> {
  const answer = await admin(target, 'PUT', document);
  await answer.text();
  return answer.status;
}

const read = async (key: string): Promise<string> => (await ask(proxy.url, `/${key}`)).text;
const status = async (): Promise<ServeStatus> =>
  (await (await admin('/api/status')).json()) as ServeStatus;
const sources = async (): Promise<string[]> =>
  (await status()).rules.map(({ rule, source }) => `${rule} of ${source}`);

const mirrorOf = (url: string): string => JSON.stringify({ source_site: `${url}/` });

function obsRule(id: string, master: string, prefix: string): object {
  const condition = { httpErrorCodeReturnedEquals: 404, objectKeyPrefixEquals: prefix };
  const publicSource = { sourceEndpoint: { master: [master] } };
  return { id, condition, redirect: { agency: 'a', publicSource } };
}

const obsOf = (...rules: readonly object[]): string => JSON.stringify({ rules });

const website = (redirect: string): string =>
  `<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber>` +
  `<Condition><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>` +
  `<Redirect><RedirectType>Mirror</RedirectType>${redirect}</Redirect>` +
  `</RoutingRule></RoutingRules></WebsiteConfiguration>`;

/** Its keys come from the environment; those of the document are never used, nor shown. */
const SIGNED = website(
  '<MirrorURL>https://store.example/bucket/</MirrorURL>' +
    '<MirrorAuth><AuthType>S3V4</AuthType><Region>r</Region>' +
    '<AccessKeyId>canary-id</AccessKeyId><AccessKeySecret>canary-secret</AccessKeySecret></MirrorAuth>',
);

describe("a vendor's rules", () => {
  test('take effect at once, before those of the file', async () => {
    has(site, 'a', 'of the file');
    has(other, 'a', 'of the vendor');
    expect(await put(QINGSTOR, mirrorOf(other.url))).toBe(200);
    expect(await read('a')).toBe('of the vendor');
    expect(await sources()).toEqual(['qingstor of qingstor', 'all of file']);
    await proxy.event(({ event }) => event === 'filled');
    expect((await plainFiles(place.bucket)).get('a')?.toString()).toBe('of the vendor');
  });

  test('leave the keys that they do not take to the file', async () => {
    has(site, 'a', 'of the file');
    has(other, 'v/a', 'of the vendor');
    await put(OBS, obsOf(obsRule('video', other.url, 'v/')));
    expect(await read('a')).toBe('of the file');
    expect(await read('v/a')).toBe('of the vendor');
  });

  test('are told with their vendor by status, the page and explain', async () => {
    await put(OBS, obsOf(obsRule('video', other.url, 'v/')));
    expect(await (await admin('/api/explain?key=v/a')).json()).toMatchObject({
      rule: 'video',
      source: 'obs',
      originUrls: [`${other.url}/v/a`],
    });
    expect(await (await admin('/api/explain?key=a')).json()).toMatchObject({ source: 'file' });
    expect(await sources()).toEqual(['video of obs', 'all of file']);
    expect(await (await admin('/')).text()).toMatch(/video[\s\S]*obs[\s\S]*all[\s\S]*file/);
  });

  test('come the last PUT first, where there are several vendors', async () => {
    const third = await faultOrigin();
    has(other, 'a', 'of QingStor');
    has(third, 'b', 'of OSS');
    has(other, 'b', 'of QingStor');
    has(other, 'c', 'of QingStor');
    has(third, 'c', 'of OSS');
    await put(QINGSTOR, mirrorOf(other.url));
    expect(await read('a')).toBe('of QingStor');
    await put(OSS, website(`<MirrorURL>${third.url}/</MirrorURL>`));
    expect(await read('b')).toBe('of OSS');
    await put(QINGSTOR, mirrorOf(other.url));
    expect(await read('c')).toBe('of QingStor');
    expect(await sources()).toEqual(['qingstor of qingstor', 'oss-1 of oss', 'all of file']);
    await third.close();
  });

  test('that have the id of a rule of the file get one of their own', async () => {
    has(other, 'v/a', 'of the vendor');
    await put(OBS, obsOf(obsRule('all', other.url, 'v/')));
    expect(await read('v/a')).toBe('of the vendor');
    await proxy.event(({ event }) => event === 'filled');
    expect((await status()).rules).toMatchObject([
      { rule: 'obs-all', source: 'obs', fills: 1 },
      { rule: 'all', source: 'file', fills: 0 },
    ]);
  });

  test('end with DELETE, and what they copied stays', async () => {
    has(other, 'a', 'of the vendor');
    await put(QINGSTOR, mirrorOf(other.url));
    await read('a');
    await proxy.event(({ event }) => event === 'filled');
    expect((await admin(QINGSTOR, 'DELETE')).status).toBe(204);
    expect(await read('a')).toBe('of the vendor');
    expect((await ask(proxy.url, '/b')).status).toBe(404);
    expect(other.requestsFor('/b')).toEqual([]);
    expect((await admin(QINGSTOR)).status).toBe(404);
    expect(await sources()).toEqual(['all of file']);
    await restart();
    expect(await sources()).toEqual(['all of file']);
  });

  test('survive a restart, byte by byte and in their order', async () => {
    const document = `  ${mirrorOf(other.url)}\r\n`;
    await put(OSS, website(`<MirrorURL>${other.url}/oss/</MirrorURL>`));
    await put(QINGSTOR, document);
    await restart();
    has(other, 'a', 'of the vendor');
    expect(await read('a')).toBe('of the vendor');
    expect(await (await admin(QINGSTOR)).text()).toBe(document);
    expect(await sources()).toEqual(['qingstor of qingstor', 'oss-1 of oss', 'all of file']);
  });

  test('survive a reload, before the rules that the file has now', async () => {
    await put(QINGSTOR, mirrorOf(other.url));
    await place.writeRules(rulesFor([`${site.url}/`]).replace('id: all', 'id: qingstor'));
    const reloaded = await admin('/api/reload', 'POST');
    expect(await reloaded.json()).toEqual({ ok: true, rules: 2 });
    has(other, 'a', 'of the vendor');
    expect(await read('a')).toBe('of the vendor');
    expect(await sources()).toEqual(['qingstor-qingstor of qingstor', 'qingstor of file']);
  });

  test('survive SIGKILL right after the 200', async () => {
    await proxy.stop();
    const env = { BUCKETFILL_ADMIN_TOKEN: 'let-me' };
    const first = await serveProcess(place, env);
    const headers = BEARER;
    const body = mirrorOf(other.url);
    const answer = await fetch(`${first.adminUrl}${QINGSTOR}`, { method: 'PUT', headers, body });
    first.kill('SIGKILL');
    expect(answer.status).toBe(200);
    await first.exit;
    proxy = await start();
    has(other, 'a', 'of the vendor');
    expect(await read('a')).toBe('of the vendor');
  });

  test('let what is under way end by the rules that it began with', async () => {
    const gated: GatedOrigin = await gatedOrigin();
    gated.hold('/a', { body: 'x'.repeat(300_000), sent: 100_000 });
    await place.writeRules(rulesFor([`${gated.url}/`]));
    await restart();
    const slow = read('a');
    await gated.asked('/a');
    await put(QINGSTOR, mirrorOf(other.url));
    has(other, 'b', 'of the vendor');
    expect(await read('b')).toBe('of the vendor');
    gated.release('/a');
    expect(await slow).toBe('x'.repeat(300_000));
    await gated.close();
  });

  test('are put one after the other, whoever comes at the same moment', async () => {
    const documents = Array.from({ length: 8 }, (_, at) =>
      obsOf(obsRule(`r${at}`, other.url, `v${at}/`)),
    );
    const answers = await Promise.all(documents.map(async (document) => put(OBS, document)));
    expect(answers.every((code) => code === 201)).toBe(true);
    const kept = await (await admin(OBS)).text();
    expect(documents).toContain(kept);
    const at = documents.indexOf(kept);
    expect(await sources()).toEqual([`r${at} of obs`, 'all of file']);
    await restart();
    expect(await sources()).toEqual([`r${at} of obs`, 'all of file']);
  });

  test('that are identical change nothing, unless another vendor came since', async () => {
    const document = obsOf(obsRule('r', other.url, 'v/'));
    expect(await put(OBS, document)).toBe(201);
    expect(await put(OBS, document)).toBe(200);
    await put(QINGSTOR, mirrorOf(other.url));
    expect(await put(OBS, document)).toBe(200);
    expect(await sources()).toEqual(['r of obs', 'qingstor of qingstor', 'all of file']);
  });
});

describe('a PUT that is refused', () => {
  const FIRST = () => mirrorOf(other.url);
  beforeEach(async () => {
    has(other, 'a', 'of the vendor');
    await put(QINGSTOR, FIRST());
  });

  async function expectUnchanged(): Promise<void> {
    expect(await (await admin(QINGSTOR)).text()).toBe(FIRST());
    expect(await read('a')).toBe('of the vendor');
    expect(await sources()).toEqual(['qingstor of qingstor', 'all of file']);
    await restart();
    expect(await sources()).toEqual(['qingstor of qingstor', 'all of file']);
  }

  test('since it can not be read changes nothing', async () => {
    expect(await put(QINGSTOR, '{')).toBe(400);
    await expectUnchanged();
  });

  test('since its rules say what no rule can changes nothing', async () => {
    expect(await put(OBS, obsOf(obsRule('r', 'ftp://o.example', 'v/')))).toBe(400);
    expect((await admin(OBS)).status).toBe(404);
    await expectUnchanged();
  });

  test('since a secret of it is not in the environment says which', async () => {
    const refused = await admin(OSS, 'PUT', SIGNED);
    expect(refused.status).toBe(400);
    const said = await refused.text();
    expect(said).toContain('OSS_1_ORIGIN_ACCESS_KEY_ID');
    expect(said + proxy.log()).not.toMatch(/canary-/);
    await expectUnchanged();
  });

  test('since there are too many rules with those of the file names both numbers', async () => {
    const rules = Array.from(
      { length: 999 },
      (_, at) => `  - { id: r${at}, match: { keyPrefix: f${at}/ }, action: 'off' }\n`,
    );
    await place.writeRules(rulesFor([`${site.url}/`], [], rules.join('')));
    await admin(QINGSTOR, 'DELETE');
    await restart();
    const refused = await admin(QINGSTOR, 'PUT', mirrorOf(other.url));
    expect([refused.status, await refused.text()]).toEqual([
      400,
      expect.stringMatching(/at most 1000 rules.*the file has 1000.*brought 1/),
    ]);
    expect(await sources()).toHaveLength(1000);
  });
});

test('an address that the policy refuses is no PUT, and what was PUT before it stays out', async () => {
  await put(QINGSTOR, mirrorOf(other.url));
  await proxy.stop();
  const closed = rulesFor(['https://o.example/']).replace('allowPrivate: true\n', '');
  await place.writeRules(closed);
  proxy = await start();
  expect(proxy.log()).toMatch(
    /rules from qingstor are kept and not in force: .*127\.0\.0\.1.*private|loopback/,
  );
  expect(await sources()).toEqual(['all of file']);
  expect(await (await admin(QINGSTOR)).text()).toBe(mirrorOf(other.url));
  const refused = await admin(OBS, 'PUT', obsOf(obsRule('r', 'http://10.0.0.1', 'v/')));
  expect([refused.status, await refused.text()]).toEqual([
    400,
    expect.stringContaining('10.0.0.1 is a private address'),
  ]);
  await place.writeRules(rulesFor([`${site.url}/`]));
  expect((await admin('/api/reload', 'POST')).status).toBe(200);
  expect(await sources()).toEqual(['qingstor of qingstor', 'all of file']);
});

test("a file that would put vendors' rules out of force is not taken at a reload", async () => {
  await put(QINGSTOR, mirrorOf(other.url));
  await place.writeRules(
    rulesFor([`${site.url}/`]).replace('allowPrivate: true', 'allowPrivate: false'),
  );
  const refused = await admin('/api/reload', 'POST');
  expect(refused.status).toBe(422);
  expect(await refused.text()).toMatch(/the rules from qingstor: rule qingstor.*127\.0\.0\.1/);
  expect(await sources()).toEqual(['qingstor of qingstor', 'all of file']);
});

test('rules whose secrets are in the environment no more stay out until those are back', async () => {
  const env = { OSS_1_ORIGIN_ACCESS_KEY_ID: 'id', OSS_1_ORIGIN_SECRET_ACCESS_KEY: 'secret' };
  await restart(env);
  expect(await put(OSS, SIGNED)).toBe(200);
  await put(QINGSTOR, mirrorOf(other.url));
  await restart();
  expect(proxy.log()).toMatch(
    /the rules from oss are kept and not in force: .*OSS_1_ORIGIN_ACCESS_KEY_ID/,
  );
  expect(await sources()).toEqual(['qingstor of qingstor', 'all of file']);
  has(other, 'a', 'of the vendor');
  expect(await read('a')).toBe('of the vendor');
  expect(await (await admin(OSS)).text()).toBe(SIGNED);
  await restart(env);
  expect(await sources()).toEqual(['qingstor of qingstor', 'oss-1 of oss', 'all of file']);
  expect(proxy.log()).not.toContain('canary-');
});
