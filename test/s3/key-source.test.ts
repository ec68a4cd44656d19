import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Credentials } from '../../src/model/rule.ts';
import { keySource } from '../../src/s3/key-source.ts';
import type { KeySource } from '../../src/s3/s3-store.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
import { NEVER } from './store-under-test.ts';

let folder: string;
let clock: FakeClock;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-keys-'));
  clock = fakeClock({ startMs: Date.now() });
  for (const name of Object.keys(process.env).filter((one) => one.startsWith('AWS_'))) {
    vi.stubEnv(name, undefined);
  }
  // Whatever the machine has, and whatever it is: nothing of that counts here.
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', path.join(folder, 'credentials'));
  vi.stubEnv('AWS_CONFIG_FILE', path.join(folder, 'config'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const open = (
  credentials: Credentials | undefined,
  env: Readonly<Record<string, string | undefined>>,
): KeySource => {
  const source = keySource({
    credentials,
    env,
    subject: 'bucket s3://b/',
    unusable: 'bucket-unusable',
    clock,
  });
  if (source === undefined) throw new Error('there is no source');
  return source;
};

describe('keys named by variables', () => {
  it('are read from the given environment, with a session token or without', async () => {
    const env = { D_ACCESS_KEY_ID: 'AK', D_SECRET_ACCESS_KEY: 'SK' };
    const keys = { accessKeyId: 'AK', secretAccessKey: 'SK' };
    expect(await open({ env: 'D' }, env)(NEVER)).toEqual({ ...keys, sessionToken: undefined });
    const withToken = { ...env, D_SESSION_TOKEN: 'T' };
    expect(await open({ env: 'D' }, withToken)(NEVER)).toEqual({ ...keys, sessionToken: 'T' });
  });

  it.each([
    [{}, /variables D_ACCESS_KEY_ID and D_SECRET_ACCESS_KEY are not set/],
    [{ D_ACCESS_KEY_ID: 'a' }, /variable D_SECRET_ACCESS_KEY is not set: set it/],
    [{ D_ACCESS_KEY_ID: '', D_SECRET_ACCESS_KEY: 's' }, /variable D_ACCESS_KEY_ID is not set/],
    [{ D_ACCESS_KEY_ID: 'a', D_SECRET_ACCESS_KEY: 'hush\n' }, /D_SECRET_ACCESS_KEY holds a space/],
  ])('%j are refused at once, by name and without a value', (env, line) => {
    const opening = (): unknown => open({ env: 'D' }, env);
    expect(opening).toThrow(expect.objectContaining({ name: 'FatalError', kind: 'usage' }));
    expect(opening).toThrow(line);
    expect(opening).not.toThrow(/hush/);
  });
});

describe('keys of a profile', () => {
  it('come from the credentials file', async () => {
    const file = path.join(folder, 'own');
    await writeFile(file, '[p]\naws_access_key_id=AK\naws_secret_access_key=SK\n');
    const source = open({ profile: 'p' }, { AWS_SHARED_CREDENTIALS_FILE: file });
    expect(await source(NEVER)).toEqual({
      accessKeyId: 'AK',
      secretAccessKey: 'SK',
      sessionToken: undefined,
    });
  });

  it('that gives none end the run, naming it', async () => {
    const asking = open({ profile: 'p' }, process.env)(NEVER);
    await expect(asking).rejects.toMatchObject({ name: 'FatalError', kind: 'bucket-unusable' });
    await expect(asking).rejects.toThrow(/the profile "p" gives no credentials.*check the profile/);
  });
});

describe('keys of the default chain', () => {
  it("are AWS's own variables, where both are set and no profile is named", async () => {
    const env = { AWS_ACCESS_KEY_ID: 'AK', AWS_SECRET_ACCESS_KEY: 'SK', AWS_SESSION_TOKEN: 'T' };
    expect(await open(undefined, env)(NEVER)).toMatchObject({ sessionToken: 'T' });
  });

  it('are those of the profile that AWS_PROFILE names, whatever else is set', async () => {
    const text = '[p]\naws_access_key_id=FILE\naws_secret_access_key=SK\n';
    await writeFile(path.join(folder, 'credentials'), text);
    vi.stubEnv('AWS_PROFILE', 'p');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AK');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'SK');
    expect(await open(undefined, process.env)(NEVER)).toMatchObject({ accessKeyId: 'FILE' });
  });

  it('come from the files where that is so', async () => {
    const text = '[default]\naws_access_key_id=FILE\naws_secret_access_key=SK\n';
    await writeFile(path.join(folder, 'credentials'), text);
    expect(await open(undefined, process.env)(NEVER)).toMatchObject({ accessKeyId: 'FILE' });
  });

  it('that has none end the run, naming what was tried', async () => {
    const asking = open(undefined, process.env)(NEVER);
    await expect(asking).rejects.toMatchObject({ name: 'FatalError', kind: 'bucket-unusable' });
    await expect(asking).rejects.toThrow(/AWS_ACCESS_KEY_ID.*~\/\.aws, SSO, web identity/);
  });

  it('are nobody where requests are not to be signed', () => {
    const settings = { subject: 'x', unusable: 'origins-unusable', clock, env: {} } as const;
    expect(keySource({ credentials: 'anonymous', ...settings })).toBeUndefined();
  });
});

const MINUTE_MS = 60_000;

describe('temporary keys', () => {
  const file = (name: string): string => path.join(folder, name);

  /** What the profile's program prints from now on. */
  const print = (accessKeyId: string): Promise<void> => {
    const keys = { Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: 'SK', SessionToken: 'T' };
    const Expiration = new Date(clock.now() + 20 * MINUTE_MS).toISOString();
    return writeFile(file('keys'), JSON.stringify({ ...keys, Expiration }));
  };
  const asked = async (): Promise<number> => (await readFile(file('asked'), 'utf8')).length;
  const source = (): KeySource => open({ profile: 'p' }, process.env);

  beforeEach(async () => {
    await writeFile(file('print'), `printf x >> ${file('asked')}; cat ${file('keys')}`);
    await writeFile(file('config'), `[profile p]\ncredential_process = sh ${file('print')}\n`);
    await print('AK1');
  });

  it('are asked for once by all who wait, and again five minutes before they expire', async () => {
    const keys = source();
    const together = await Promise.all([keys(NEVER), keys(NEVER), keys(NEVER)]);
    expect(together.map(({ accessKeyId }) => accessKeyId)).toEqual(['AK1', 'AK1', 'AK1']);
    await clock.advance(14 * MINUTE_MS);
    expect(await keys(NEVER)).toMatchObject({ accessKeyId: 'AK1', sessionToken: 'T' });
    await print('AK2');
    await clock.advance(2 * MINUTE_MS);
    const renewed = await Promise.all([keys(NEVER), keys(NEVER)]);
    expect(renewed.map(({ accessKeyId }) => accessKeyId)).toEqual(['AK2', 'AK2']);
    expect(await asked()).toBe(2);
  });

  it('are used while they hold though their renewal fails, and then no more', async () => {
    const keys = source();
    await keys(NEVER);
    await writeFile(file('keys'), 'no keys');
    await clock.advance(16 * MINUTE_MS);
    expect(await keys(NEVER)).toMatchObject({ accessKeyId: 'AK1' });
    const askedBefore = await asked();
    expect(await keys(NEVER)).toMatchObject({ accessKeyId: 'AK1' });
    expect(await asked()).toBe(askedBefore);
    await clock.advance(5 * MINUTE_MS);
    await expect(keys(NEVER)).rejects.toMatchObject({ kind: 'bucket-unusable' });
    await print('AK2');
    expect(await keys(NEVER)).toMatchObject({ accessKeyId: 'AK2' });
  });

  it('are not waited for by whoever aborts', async () => {
    const keys = source();
    const controller = new AbortController();
    const waiting = keys(controller.signal);
    controller.abort('SIGINT');
    await expect(waiting).rejects.toBe('SIGINT');
    expect(await keys(NEVER)).toMatchObject({ accessKeyId: 'AK1' });
  });
});
