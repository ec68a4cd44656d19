import { afterEach, describe, expect, it } from 'vitest';
import { VERIFY_LEVELS } from '../../src/model/event.ts';
import type { FaultAnswer } from '../support/fault-origin-script.ts';
import {
  dated,
  LAST_MODIFIED,
  messages,
  outcomes,
  totalsOf,
  type VerifyStage,
  verifyStage,
} from '../verify/verify-stage.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function stage(
  bucket: 'directory' | 's3',
  objects: Readonly<Record<string, FaultAnswer>> = { a: dated('alpha'), b: dated('beta!!') },
  more?: string,
): Promise<VerifyStage> {
  const made = await verifyStage(bucket, objects, more);
  closing.push(made.close);
  return made;
}

describe.each(['directory', 's3'] as const)('a bucket in %s', (kind) => {
  it.each(VERIFY_LEVELS)(
    'that has just what the origin has is equal at level %s',
    async (level) => {
      const at = await stage(kind);
      const run = await at.verify(['--level', level]);
      expect(outcomes(run)).toEqual({ a: 'equal', b: 'equal' });
      expect(run.code, run.stderr).toBe(0);
      expect(run.summary).toMatchObject({ command: 'verify', listed: 2, copied: 0, exitCode: 0 });
      expect(totalsOf(run)).toMatchObject({ level, sample: 1, equal: 2, missing: 0, extra: 0 });
      expect(totalsOf(run).digest).toMatch(new RegExp(`^bf1:${level}:2:[0-9a-f]{64}$`));
      const [start] = run.events;
      expect(start).toMatchObject({ event: 'start', schema: 1, command: 'verify', resumed: false });
    },
  );

  it.each(VERIFY_LEVELS)(
    'is told what it lacks and what only it has, at level %s',
    async (level) => {
      const at = await stage(kind, { a: dated('alpha'), gone: dated('gone'), extra: dated('x') });
      await at.remove('gone');
      at.name(['a', 'gone']);
      const run = await at.verify(['--level', level]);
      expect(outcomes(run)).toEqual({ a: 'equal', gone: 'missing', extra: 'extra' });
      expect(run.code).toBe(4);
      expect(totalsOf(run)).toMatchObject({ equal: 1, missing: 1, extra: 1 });
      expect(run.stderr).toContain('missing: gone\n');
      expect(run.stderr).toContain('extra: extra\n');
    },
  );

  it('is told what has another size, from level size on', async () => {
    const at = await stage(kind);
    at.give('a', { ...dated('alpha'), body: 'longer than alpha' });
    expect(outcomes(await at.verify(['--level', 'exists']))['a']).toBe('equal');
    for (const level of ['size', 'etag', 'full']) {
      const run = await at.verify(['--level', level]);
      expect([level, outcomes(run)]).toEqual([level, { a: 'different', b: 'equal' }]);
      expect(messages(run)['a']).toMatch(/5 bytes.*expected 17/);
      expect(run.code).toBe(4);
    }
  });

  it('is told what is of another version, from level etag on', async () => {
    const at = await stage(kind);
    at.give('a', { body: 'ALPHA', headers: { etag: '"other"', 'last-modified': LAST_MODIFIED } });
    expect(outcomes(await at.verify(['--level', 'size']))['a']).toBe('equal');
    const run = await at.verify();
    expect(outcomes(run)).toEqual({ a: 'different', b: 'equal' });
    expect(messages(run)['a']).toMatch(/ETag "of-5", expected "other"/);
    expect(outcomes(await at.verify(['--level', 'full']))['a']).toBe('different');
  });

  it('with a flipped byte under the old size, time and ETag is found by full, and only by it', async () => {
    const at = await stage(kind);
    await at.spoil('a', Buffer.from('alphb'));
    for (const level of ['exists', 'size', 'etag']) {
      const run = await at.verify(['--level', level]);
      expect([level, outcomes(run)]).toEqual([level, { a: 'equal', b: 'equal' }]);
    }
    const run = await at.verify(['--level', 'full']);
    expect([run.code, outcomes(run)]).toEqual([4, { a: 'different', b: 'equal' }]);
    expect(messages(run)['a']).toMatch(/its bytes differ: SHA-256 [0-9a-f]{64} in the bucket/);
  });

  it('whose origin sends a cut body is unverifiable, never equal', async () => {
    const at = await stage(kind);
    at.give('a', { ...dated('alpha'), cutBody: { afterBytes: 3, how: 'reset' } });
    const run = await at.verify(['--level', 'full']);
    expect(outcomes(run)['b']).toBe('equal');
    expect(outcomes(run)['a']).toMatch(/^unverifiable (LENGTH_MISMATCH|ORIGIN_UNREACHABLE)$/);
    expect([run.code, totalsOf(run).unverifiable]).toEqual([3, 1]);
  });

  it('whose origin breaks off once is read again', async () => {
    const at = await stage(kind, { a: dated('alpha') });
    const cut = { ...dated('alpha'), cutBody: { afterBytes: 3, how: 'end' } } as const;
    at.site.script('/a', [cut, dated('alpha')]);
    const run = await at.verify(['--level', 'full']);
    expect([run.code, outcomes(run)]).toEqual([0, { a: 'equal' }]);
  });
});

describe('the origin', () => {
  it('that lost a listed key makes it different, and says so', async () => {
    const at = await stage('s3');
    at.site.script('/a', { status: 404 });
    for (const level of ['size', 'etag', 'full']) {
      const run = await at.verify(['--level', level]);
      expect([level, outcomes(run)]).toEqual([level, { a: 'different', b: 'equal' }]);
      expect(messages(run)['a']).toBe('the origin no longer has it');
    }
    expect(outcomes(await at.verify(['--level', 'exists']))['a']).toBe('equal');
  });

  it('that fails makes a key unverifiable, with its code and status', async () => {
    const at = await stage('s3');
    at.site.script('/a', { status: 403 });
    const run = await at.verify(['--level', 'full']);
    expect([run.code, outcomes(run)]).toEqual([3, { a: 'unverifiable ORIGIN_STATUS', b: 'equal' }]);
    expect(run.objects.find((event) => 'key' in event && event.key === 'a')).toMatchObject({
      status: 403,
    });
  });

  it('that refuses HEAD is asked by GET, whose body is left, and by GET alone from then on', async () => {
    const at = await stage('s3', { a: dated('alpha'), b: dated('beta!!'), c: dated('c') });
    for (const [key, body] of [
      ['a', 'alpha'],
      ['b', 'beta!!'],
      ['c', 'c'],
    ] as const) {
      at.site.script(`/${key}`, { get: dated(body), head: { status: 405 } });
    }
    const before = at.site.requests.length;
    const run = await at.verify(['--concurrency', '1']);
    expect(outcomes(run)).toEqual({ a: 'equal', b: 'equal', c: 'equal' });
    const asked = at.site.requests.slice(before).filter(({ path }) => /^\/[abc]$/.test(path));
    expect(asked.map(({ method }) => method)).toEqual(['HEAD', 'GET', 'GET', 'GET']);
  });

  it('without ETag and date has no version to compare: unverifiable, and full tells', async () => {
    const at = await stage('directory', { a: { body: 'alpha' } });
    const run = await at.verify();
    expect([run.code, outcomes(run)]).toEqual([3, { a: 'unverifiable' }]);
    expect(messages(run)['a']).toMatch(/--level full/);
    expect((await at.verify(['--level', 'full'])).code).toBe(0);
  });

  it('whose bodies end with the connection alone is read twice', async () => {
    const at = await stage('directory', { a: { body: 'alpha', framing: 'close' } });
    const before = at.site.requestsFor('/a').length;
    const run = await at.verify(['--level', 'full']);
    expect([run.code, outcomes(run)]).toEqual([0, { a: 'equal' }]);
    expect(at.site.requestsFor('/a').length - before).toBe(2);
  });

  it('whose sitemap dates things otherwise is asked before anything is told to be different', async () => {
    const objects = { a: dated('alpha'), b: dated('beta!!') };
    const more = 'scan: [{ rule: all, from: sitemap, url: "SITE/map.xml" }]\n';
    const at = await stage('directory', objects, more);
    const urls = ['a', 'b'].map(
      (key) => `<url><loc>${at.site.url}/${key}</loc><lastmod>2020-01-01T00:00:00Z</lastmod></url>`,
    );
    at.site.script('/map.xml', { body: `<urlset>${urls.join('')}</urlset>` });
    expect(outcomes(await at.verify())).toEqual({ a: 'equal', b: 'equal' });
    at.give('b', { ...dated('beta!!'), headers: { etag: '"other"' } });
    expect(outcomes(await at.verify())).toEqual({ a: 'equal', b: 'different' });
  });

  it('that could not be listed below a page leaves open what is extra there: exit 3', async () => {
    const at = await stage('directory', {
      a: dated('alpha'),
      'x/b': dated('b'),
      'y/c': dated('c'),
    });
    at.site.script('/x/', { status: 403 });
    at.name(['a', 'x/']);
    const run = await at.verify();
    expect(outcomes(run)).toEqual({ a: 'equal', 'y/c': 'extra' });
    expect(run.code).toBe(4);
    expect(run.stderr).toContain('1 keys that only the bucket has lie below what could not be');
    await at.remove('y/c');
    const clean = await at.verify();
    expect([clean.code, clean.summary?.listingErrors]).toEqual([3, 1]);
    expect(outcomes(clean)).toEqual({ a: 'equal' });
  });

  it('that is down ends the run with 5 where it must be asked, and is not missed where not', async () => {
    const at = await stage('directory');
    await at.site.close();
    expect((await at.verify()).code).toBe(5);
    const keys = ['--keys', at.place.keys];
    expect((await at.verify(['--level', 'full', ...keys])).code).toBe(5);
    expect((await at.verify(['--level', 'etag', ...keys])).code).toBe(5);
    expect((await at.verify(['--level', 'exists', ...keys])).code).toBe(0);
  });
});
