import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { loopbackTls } from '../support/loopback-tls.ts';
import { loopbackProxy } from '../support/loopback-proxy.ts';
import { runCli, type CliOptions, type CliResult } from '../support/run-cli.ts';
import { startS3Double, type S3Double } from '../support/s3-double.ts';
import { deadPort } from '../support/site.ts';
import { workplace, type Workplace } from '../support/workplace.ts';
import { CANARY, canariesBelow, canariesIn, canaryEnv } from './canaries.ts';
import { echoServer, type EchoOptions } from './echo-server.ts';

const BUGGY = fileURLToPath(new URL('./with-a-bug.js', import.meta.url));

let place: Workplace;
let site: FaultOrigin;

beforeEach(async () => {
  [place, site] = await Promise.all([workplace(''), faultOrigin()]);
  await place.list(['a', 'b/c']);
});
afterEach(async () => {
  await Promise.all([place.remove(), site.close()]);
});

const siteHost = (): string => `127.0.0.1:${String(site.port)}`;

/** Secrets at every place of the file that can hold one. */
function rules(more: { bucket?: string; master?: string; request?: string } = {}): string {
  const address = `{ url: { env: SITE_URL }, headers: { authorization: { env: SITE_AUTH } }${more.master ?? ''} }`;
  return `version: 1
allowPrivate: true
bucket: ${more.bucket ?? '{ url: "file:./bucket" }'}
rules:
  - id: all
    origins: { masters: [${address}], retries: { perAddress: 2, base: 1ms }, giveUpAfter: 100ms }
    request: { headers: { set: { x-api-key: { env: SITE_KEY } } }${more.request ?? ''} }
`;
}

/** The path at which the site is asked for a key, its own query included. */
const at = (key: string): string => `/base/${key}?token=${CANARY.urlQuery}`;

/** Runs `migrate` as talkative as it gets. */
async function migrate(
  env: Readonly<Record<string, string>> = canaryEnv(siteHost()),
  options: CliOptions = {},
): Promise<CliResult> {
  return place.migrate(['--log-level', 'debug', '--ui', 'plain'], { env, ...options });
}

/** No canary in what was said, and none in the folder but those that the test put there. */
async function expectSilence(runs: readonly CliResult[], besides: string[] = []): Promise<void> {
  for (const run of runs) expect(canariesIn(run.stdout + run.stderr)).toEqual([]);
  expect(await canariesBelow(place.folder, besides)).toEqual([]);
}

const codesOf = (run: CliResult): string[] =>
  run.objects.map((event) => ('code' in event ? event.code : undefined) ?? event.outcome);

test('the search finds a canary as it is, in hex, and at each offset within base64', () => {
  const word = CANARY.urlPassword;
  const forms = ['', 'x', 'xy', 'user:'].map((before) =>
    Buffer.from(`${before}${word}tail`).toString('base64'),
  );
  for (const form of [`--${word}--`, Buffer.from(word).toString('hex'), ...forms]) {
    expect(canariesIn(form)).toEqual(['urlPassword']);
  }
  expect(canariesIn(Buffer.from('user:other').toString('base64'))).toEqual([]);
});

describe('no secret is told or kept', () => {
  test('by a run that copies, is killed and resumed, though all were sent', async () => {
    for (const key of ['a', 'b/c']) {
      site.script(at(key), { body: key, headers: { etag: '"1"', 'x-oss-meta-of': 'me' } });
    }
    await place.writeRules(rules());
    const env = canaryEnv(siteHost());
    const killAt = { boundary: 'bucket.committed', time: 1 };
    const killed = await migrate(env, { killAt });
    const resumed = await migrate(env);
    expect(killed.code).toBeNull();
    expect(resumed.code).toBe(0);
    const sent = JSON.stringify(site.requests);
    expect(canariesIn(sent).sort()).toEqual(['addressHeader', 'ruleHeader', 'urlQuery']);
    await expectSilence([killed, resumed]);
  });

  test('by a run into a store, in its metadata neither', async () => {
    const store = await doubleWithCanaries();
    site.script(at('a'), { body: 'a', headers: { etag: '"1"' } });
    await place.writeRules(rules({ bucket: atStore(store.endpoint) }));
    const run = await migrate();
    await store.close();
    expect(codesOf(run).sort()).toEqual(['ORIGIN_NOT_FOUND', 'copied']);
    expect(store.requests.some(({ headers }) => 'x-amz-security-token' in headers)).toBe(true);
    const objects = [...store.bucket('media').objects];
    expect(canariesIn(JSON.stringify(objects))).toEqual([]);
    await expectSilence([run]);
  });

  test('by a run whose origin is down', async () => {
    await place.writeRules(rules());
    const run = await migrate(canaryEnv(`127.0.0.1:${String(await deadPort())}`));
    expect(run.code).toBe(5);
    await expectSilence([run]);
  });

  const ECHOES: readonly EchoOptions[] = [
    { status: 401 },
    { status: 403, wrap: (sent) => `<html><title>${sent}</title></html>` },
    { status: 500, headers: { 'retry-after': '0' } },
    { status: 206, headers: { 'content-range': 'bytes 0-1/9' } },
  ];
  test.each(ECHOES)('by a run whose origin repeats the request: %o', async (options) => {
    const echo = await echoServer(options);
    await place.writeRules(rules());
    const run = await migrate(canaryEnv(echo.host));
    await echo.close();
    expect(run.code).toBe(3);
    expect(canariesIn(echo.heard())).toContain('addressHeader');
    await expectSilence([run]);
  });

  test('by redirects: to another host, in a circle, not to be followed', async () => {
    const elsewhere = await faultOrigin();
    elsewhere.script(`/moved?sig=${CANARY.signedLocation}`, { body: 'here' });
    const signed = `/moved?sig=${CANARY.signedLocation}`;
    site.script(at('a'), { status: 302, headers: { location: elsewhere.url + signed } });
    site.script(at('b/c'), { status: 302, headers: { location: at('b/c') } });
    await place.writeRules(rules());
    const followed = await migrate();
    expect(codesOf(followed).sort()).toEqual(['LOOP_DETECTED', 'copied']);
    expect(canariesIn(JSON.stringify(elsewhere.requests))).toEqual(['signedLocation']);
    await place.writeRules(rules({ request: ', followRedirects: false' }));
    const handedOn = await place.migrate(['--job', 'two', '--overwrite', 'always'], {
      env: canaryEnv(siteHost()),
    });
    expect(codesOf(handedOn)).toEqual(['ORIGIN_STATUS', 'ORIGIN_STATUS']);
    await elsewhere.close();
    await expectSilence([followed, handedOn]);
  });

  test('by bodies that are cut, altered or framed twice', async () => {
    site.script(at('a'), { body: 'cut', cutBody: { afterBytes: 1, how: 'end' } });
    const md5 = Buffer.alloc(16).toString('base64');
    site.script(at('b/c'), { body: 'altered', headers: { 'content-md5': md5 } });
    site.script(at('d'), { body: 'twice', declaredLength: [5, 6] });
    await place.list(['a', 'b/c', 'd']);
    await place.writeRules(rules());
    const run = await migrate();
    expect(run.summary).toMatchObject({ copied: 0, failed: 3 });
    await expectSilence([run]);
  });

  const BROKEN_URLS = [
    `${CANARY.urlPassword}@127.0.0.1/x`,
    `ftp://user:${CANARY.urlPassword}@h.example/`,
    `http://user:${CANARY.urlPassword}@h.example:99999/`,
    `http://user:${CANARY.urlPassword}@/`,
    `http://h.example/#${CANARY.urlQuery}`,
    `http://h.example/ ${CANARY.urlQuery}`,
    CANARY.urlPassword,
  ];
  test('by refusing what the variable of an address holds, however broken it is', async () => {
    await place.writeRules(rules());
    const runs = await Promise.all(
      BROKEN_URLS.map((SITE_URL) => migrate({ ...canaryEnv(siteHost()), SITE_URL })),
    );
    expect(runs.map(({ code }) => code)).toEqual(BROKEN_URLS.map(() => 2));
    expect(site.requests).toEqual([]);
    await expectSilence(runs);
  });

  test('by refusing variables with a line break, of headers and of keys', async () => {
    await place.writeRules(rules({ bucket: atStore('http://127.0.0.1:1') }));
    const env = canaryEnv(siteHost());
    const variables = ['SITE_AUTH', 'SITE_KEY', 'DEST_SECRET_ACCESS_KEY', 'DEST_SESSION_TOKEN'];
    const runs = await Promise.all(
      variables.map((name) => migrate({ ...env, [name]: `${env[name] ?? ''}\nx: y` })),
    );
    expect(runs.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    for (const [index, name] of variables.entries()) expect(runs[index]?.stderr).toContain(name);
    await expectSilence(runs);
  });

  test('by TLS that fails, nor is the client key', async () => {
    const tls = loopbackTls();
    const secure = await faultOrigin({ tls: tls.selfSigned });
    await writeFile(path.join(place.folder, 'client.key'), tls.client.key);
    await writeFile(path.join(place.folder, 'client.pem'), tls.client.cert);
    await place.writeRules(rules({ master: ', clientCert: client.pem, clientKey: client.key' }));
    const run = await migrate(canaryEnv(`localhost:${String(secure.port)}`, 'https'));
    await secure.close();
    expect(run.code).toBe(5);
    expect(run.stderr).toContain('self-signed');
    for (const line of tls.client.key.split('\n').filter((text) => text.length > 20)) {
      expect(run.stdout + run.stderr).not.toContain(line);
    }
    await expectSilence([run]);
  });

  test('by refusing a variable whose scheme is the secret', async () => {
    await place.writeRules(rules());
    const run = await migrate({
      ...canaryEnv(siteHost()),
      SITE_URL: `${CANARY.urlPassword}://h.example/`,
    });
    expect(run.code).toBe(2);
    await expectSilence([run]);
  });

  test('by a client key that is no key: the run ends', async () => {
    const untls = await echoServer({ status: 400 });
    const pem = `-----BEGIN PRIVATE KEY-----\n${CANARY.inline}\n-----END PRIVATE KEY-----\n`;
    await writeFile(path.join(place.folder, 'client.key'), pem);
    await writeFile(path.join(place.folder, 'client.pem'), pem.replaceAll('PRIVATE KEY', 'X'));
    await place.writeRules(rules({ master: ', clientCert: client.pem, clientKey: client.key' }));
    const run = await migrate(canaryEnv(untls.host, 'https'));
    await untls.close();
    expect([2, 5]).toContain(run.code);
    await expectSilence([run], ['client.key', 'client.pem']);
  });

  test('by proxies: one that refuses, and one whose variable is none', async () => {
    const strict = await loopbackProxy(site.port, 407);
    const user = `user:${CANARY.proxyPassword}`;
    await place.writeRules(rules());
    const env = canaryEnv('site.example');
    const refused = await migrate({
      ...env,
      HTTP_PROXY: `http://${user}@127.0.0.1:${String(strict.port)}`,
    });
    expect(strict.authorizations.every((sent) => canariesIn(sent ?? '').length === 1)).toBe(true);
    expect(strict.asked.length).toBeGreaterThan(0);
    await strict.close();
    const broken = await migrate({ ...env, HTTP_PROXY: `ftp://${user}@127.0.0.1/` });
    expect([refused.code, broken.code]).toEqual([5, 5]);
    await expectSilence([refused, broken]);
  });

  test('by a store that repeats the signed request in its refusal', async () => {
    const wrap = (sent: string): string =>
      `<Error><Code>SignatureDoesNotMatch</Code><Message>No match.</Message><StringToSign>${sent}</StringToSign><CanonicalRequest>${sent}</CanonicalRequest><Token-0>${CANARY.storeToken}</Token-0></Error>`;
    const echo = await echoServer({ status: 403, wrap });
    await place.writeRules(rules({ bucket: atStore(`http://${echo.host}`) }));
    const run = await migrate();
    expect(run.code).toBe(5);
    expect(canariesIn(echo.heard())).toContain('storeToken');
    const old = `version: 1
allowPrivate: true
bucket: { url: "file:./bucket" }
rules:
  - { id: a, origins: { masters: [{ url: "s3://old/", endpoint: "http://${echo.host}", credentials: { env: OLD } }] } }
`;
    await place.writeRules(old);
    const origin = await migrate();
    await echo.close();
    expect([3, 5]).toContain(origin.code);
    await expectSilence([run, origin]);
  });

  const ECHOED_BY_STORES: readonly ((sent: string) => string)[] = [
    (sent) => `<Error><Code>ExpiredToken</Code><Message>${sent}</Message></Error>`,
    (sent) => sent,
  ];
  test.each(ECHOED_BY_STORES)(
    'by a store that repeats the session token where its message stands',
    async (wrap) => {
      const echo = await echoServer({
        status: 403,
        wrap: () => wrap(`no: ${CANARY.storeToken}`),
      });
      await place.writeRules(rules({ bucket: atStore(`http://${echo.host}`) }));
      const run = await migrate();
      await echo.close();
      expect(run.code).toBe(5);
      await expectSilence([run]);
    },
  );

  test('by check, explain, a dry run and prefetch', async () => {
    site.script(at('a'), { body: 'a' });
    await place.writeRules(rules());
    const env = canaryEnv(siteHost());
    const runs = await Promise.all([
      runCli(['check', place.rules, '--json'], { env }),
      runCli(['explain', place.rules, 'a', '--json'], { env }),
      runCli(['explain', place.rules, 'a', '../b'], { env }),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    const dry = await place.migrate(['--dry-run', '--log-format', 'json'], { env });
    const fetched = await runCli(['prefetch', place.rules, 'a', '--log-level', 'debug'], { env });
    expect([dry.code, fetched.code]).toEqual([0, 0]);
    await expectSilence([...runs, dry, fetched]);
  });

  const INLINE = [
    `masters: ["http://user:${CANARY.inline}@h.example/"]`,
    `masters: ["http://h.example/?X-Amz-Signature=${CANARY.inline}"]`,
    `masters: [{ url: "http://h.example/", headers: { authorization: "Basic ${CANARY.inline}" } }]`,
    `masters: [{ url: "http://h.example/", password: ${CANARY.inline} }]`,
    `masters: [{ url: "s3://b/", secretAccessKey: ${CANARY.inline} }]`,
    `masters: [{ url: "s3://b/", endpoint: "http://u:${CANARY.inline}@h.example/" }]`,
  ];
  test('by refusing secrets that stand in the file, all of them at once', async () => {
    const each = INLINE.map((origins, index) => `  - { id: r${index}, origins: { ${origins} } }\n`);
    await place.writeRules(`version: 1
bucket: { url: "file:./bucket" }
rules:
${each.join('')}`);
    const runs = await Promise.all([
      runCli(['check', place.rules, '--json']),
      runCli(['explain', place.rules, 'a']),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([2, 2]);
    for (const index of INLINE.keys()) expect(runs[0].stderr).toContain(`rules[${index}]`);
    await expectSilence(runs, ['rules.yaml']);
  });

  test.each(['bucket.committed', 'checkpoint.begun'])(
    'by a bug at %s, whose stack trace is told',
    async (boundary) => {
      site.script(at('a'), { body: 'a' });
      await place.writeRules(rules());
      const args = [BUGGY, boundary, 'migrate', place.rules, '--keys', place.keys, '--json'];
      const env = { PATH: process.env['PATH'], ...canaryEnv(siteHost()) };
      const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>(
        (resolve) => {
          execFile(process.execPath, args, { env }, (_, out, err) => {
            resolve({ stdout: out, stderr: err });
          });
        },
      );
      expect(stdout + stderr).toContain(`a bug at ${boundary}`);
      expect(canariesIn(stdout + stderr)).toEqual([]);
      await expectSilence([]);
    },
  );
});

const atStore = (endpoint: string): string =>
  `{ url: "s3://media/", endpoint: "${endpoint}", credentials: { env: DEST } }`;

function doubleWithCanaries(): Promise<S3Double> {
  return startS3Double({
    buckets: ['media'],
    keys: [
      {
        accessKeyId: 'destkeyid',
        secretAccessKey: CANARY.storeSecret,
        sessionToken: CANARY.storeToken,
      },
    ],
  });
}
