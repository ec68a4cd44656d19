import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ChangingSite, startChangingSite } from '../support/changing-site.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { outcomes } from '../support/sync-stage.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

let site: ChangingSite;
let place: Workplace;

const KEYS = ['.hid/a.jpg', 'img/a.jpg', 'img/b.tmp', 'img/sub/c.jpg', 'img2/d.jpg', 'top.jpg'];

beforeEach(async () => {
  site = await startChangingSite();
  place = await workplace(rulesFor([site.url]));
  for (const key of KEYS) site.put(key, key);
});

afterEach(async () => {
  await site.close();
  await place.remove();
});

async function inBucket(): Promise<readonly string[]> {
  const entries = await readdir(place.bucket, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(place.bucket, path.join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith('.bucketfill'))
    .sort();
}

function run(command: string, ...args: readonly string[]): Promise<CliResult> {
  return runCli([command, place.rules, '--json', ...args]);
}

/** Index pages below the top, which is asked for anyway. */
function pagesAsked(): readonly string[] {
  return site.asked.filter((line) => line.endsWith('/')).sort();
}

/** The key of each line of a manifest. */
async function manifestKeys(file: string): Promise<readonly string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { key: string }).key).sort();
}

describe('migrate', () => {
  test('a scan enters only folders that can hold keys of the prefix, which need not be a folder', async () => {
    const result = await run('migrate', '--prefix', 'img/s');
    expect(result.code).toBe(0);
    expect(await inBucket()).toEqual(['img/sub/c.jpg']);
    expect(pagesAsked()).toEqual(['GET img/', 'GET img/sub/']);
    expect(outcomes(result)).toEqual({
      'img/a.jpg': 'skipped:filtered',
      'img/b.tmp': 'skipped:filtered',
      'img/sub/c.jpg': 'copied',
      'top.jpg': 'skipped:filtered',
    });
    expect(result.summary).toMatchObject({ listed: 4, copied: 1, skipped: 3, failed: 0 });
    expect(result.summary?.scan).toMatchObject({
      keys: 1,
      passed: { filtered: 3, 'outside-prefix': 2 },
    });
    expect(result.stderr).toContain('only keys that these let through: --prefix img/s');
  });

  test('through the rule: the prefix is of the bucket, the folders are of the origin', async () => {
    const rule = `    match: { keyPrefix: media/ }\n    key: { replacePrefix: img/ }\n`;
    await place.writeRules(`${rulesFor([site.url])}${rule}`);
    const result = await run('migrate', '--prefix', 'media/sub/');
    expect(result.code).toBe(0);
    expect(await inBucket()).toEqual(['media/sub/c.jpg']);
    expect(pagesAsked()).toEqual(['GET img/', 'GET img/sub/']);
  });

  test('globs: any --include, no --exclude; a leading dot is nothing special', async () => {
    const globs = ['--include', '**/*.jpg', '--include', 'img/**', '--exclude', 'img2/*'];
    const result = await run('migrate', ...globs, '--exclude', '**/*.tmp');
    expect(result.code).toBe(0);
    expect(await inBucket()).toEqual(['.hid/a.jpg', 'img/a.jpg', 'img/sub/c.jpg', 'top.jpg']);
    expect(outcomes(result)).toMatchObject({
      'img/b.tmp': 'skipped:filtered',
      'img2/d.jpg': 'skipped:filtered',
    });
    expect(result.summary).toMatchObject({ listed: 6, copied: 4, skipped: 2 });
  });

  test('of a list: told and kept as every other skip, and only once when it is gone on with', async () => {
    await place.list([...KEYS, 'img/a.jpg']);
    const first = await place.migrate(['--prefix', 'img/']);
    expect(first.code).toBe(0);
    expect(outcomes(first)).toMatchObject({
      'top.jpg': 'skipped:filtered',
      'img/b.tmp': 'copied',
      '.hid/a.jpg': 'skipped:filtered',
    });
    expect(first.summary).toMatchObject({ listed: 7, copied: 3, skipped: 4, failed: 0 });
    expect(first.objects.find((event) => 'key' in event && event.key === 'top.jpg')).toEqual({
      event: 'object',
      key: 'top.jpg',
      outcome: 'skipped',
      rule: 'all',
      reason: 'filtered',
    });
    expect(site.asked.filter((line) => /top|hid/.test(line))).toEqual([]);
    const report = await runCli(['report', place.rules, '--format', 'csv']);
    expect(report.stdout).toMatch(/top\.jpg.*filtered/);
  });

  test('an interrupted scan tells what it left out once, and counts it as carried', async () => {
    const killAt = { boundary: 'checkpoint.committed', time: 1 };
    const args = ['migrate', place.rules, '--json', '--include', 'img/**'];
    const killed = await runCli(args, { killAt });
    expect(killed.code).toBeNull();
    const early = await run('retry');
    expect(early.stderr).toContain("--include 'img/**'` again, which resumes it");
    const resumed = await runCli(args);
    expect(resumed.code).toBe(0);
    const { listed, copied, skipped, carried } = resumed.summary ?? {};
    // What was stored and not yet written down when the kill struck is there already.
    const existing = Object.values(outcomes(resumed)).filter(
      (one) => one === 'skipped:exists',
    ).length;
    expect((skipped ?? 0) + (carried?.skipped ?? 0)).toBe(3 + existing);
    expect((copied ?? 0) + (carried?.copied ?? 0)).toBe(3 - existing);
    expect((listed ?? 0) + (carried?.listed ?? 0)).toBe(6);
    expect(await inBucket()).toEqual(['img/a.jpg', 'img/b.tmp', 'img/sub/c.jpg']);
  });

  test('a dry run shows what would be left out', async () => {
    const result = await run('migrate', '--include', 'img/*', '--dry-run');
    expect(result.code).toBe(0);
    expect(outcomes(result)).toEqual({
      '.hid/a.jpg': 'skipped:filtered',
      'img/a.jpg': 'planned',
      'img/b.tmp': 'planned',
      'img/sub/c.jpg': 'skipped:filtered',
      'img2/d.jpg': 'skipped:filtered',
      'top.jpg': 'skipped:filtered',
    });
    expect(result.summary).toMatchObject({ listed: 6, planned: 2, skipped: 4, copied: 0 });
  });

  test('the filter is part of the job; the order of globs is not', async () => {
    await place.list(KEYS);
    const [one, two] = ['--include=img/*', '--include=top*'];
    expect((await place.migrate([one, two])).code).toBe(0);
    expect((await place.migrate([two, one, two])).code).toBe(0);
    const other = await place.migrate([one]);
    expect(other.code).toBe(6);
    expect(other.stderr).toContain('--include was ["img/*","top*"], now it is ["img/*"]');
    expect((await place.migrate([one, '--new-job'])).code).toBe(0);
    expect((await place.migrate([])).stderr).toContain('--include was ["img/*"], now it is absent');
  });

  test('a retry is about the failed keys of the filtered job, and about no others', async () => {
    await place.list(KEYS);
    site.statuses.set('img/a.jpg', 404);
    site.statuses.set('top.jpg', 404);
    expect((await place.migrate(['--prefix', 'img/'])).code).toBe(3);
    site.statuses.clear();
    const retried = await run('retry');
    expect(retried.code).toBe(0);
    expect(outcomes(retried)).toEqual({ 'img/a.jpg': 'copied' });
    expect(await inBucket()).not.toContain('top.jpg');
  });

  test('from the environment, where it is told which keys that leaves', async () => {
    const env = { BUCKETFILL_PREFIX: 'img', BUCKETFILL_EXCLUDE: '*/*.{tmp,jpg}' };
    const result = await runCli(['migrate', place.rules], { env });
    expect(result.code).toBe(0);
    expect(result.stderr).toContain("--prefix img --exclude '*/*.{tmp,jpg}'");
    expect(await inBucket()).toEqual(['img/sub/c.jpg']);
  });

  test('a rule that can have no such key is not even connected to', async () => {
    const closed = 'http://127.0.0.1:9/';
    const rules = rulesFor([site.url]).replace(
      '- id: all',
      '- id: all\n    match: { keyPrefix: img }',
    );
    const other = `  - id: other\n    match: { keyPrefix: old/ }\n    origins: { masters: ["${closed}"] }\n`;
    await place.writeRules(`${rules}${other}`);
    expect((await run('migrate', '--prefix', 'img2/')).code).toBe(0);
    expect(await inBucket()).toEqual(['img2/d.jpg']);
  });
});

describe('prefetch', () => {
  test('fetches those of the named keys that are let through', async () => {
    const result = await run('prefetch', 'img/a.jpg', 'img/b.tmp', '--exclude', '**/*.tmp');
    expect(result.code).toBe(0);
    expect(outcomes(result)).toEqual({ 'img/a.jpg': 'copied', 'img/b.tmp': 'skipped:filtered' });
  });
});

describe('scan', () => {
  test('a manifest holds the keys that are let through', async () => {
    const file = path.join(place.folder, 'm.jsonl');
    const args = ['--prefix', 'img', '--exclude', '**/*.tmp', '-o', file];
    const result = await run('scan', ...args);
    expect(result.code).toBe(0);
    expect(await manifestKeys(file)).toEqual(['img/a.jpg', 'img/sub/c.jpg', 'img2/d.jpg']);
    expect(result.summary).toMatchObject({
      listed: 3,
      skipped: 0,
      scan: { keys: 3, passed: { filtered: 2, 'outside-prefix': 1 } },
    });
    expect(result.objects).toEqual([]);
    const other = await run('scan', '--prefix', 'img2', '-o', file);
    expect(other.code).toBe(6);
    expect(other.stderr).toContain('--prefix was "img", now it is "img2"');
  });

  test('key lists and sitemaps are read whole, and filtered', async () => {
    const list = path.join(place.folder, 'list.txt');
    await writeFile(list, `${KEYS.join('\n')}\n`);
    const urls = KEYS.map((key) => `<url><loc>${site.url}${key}</loc></url>`).join('');
    site.put(
      'sitemap.xml',
      `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls}</urlset>`,
    );
    const file = path.join(place.folder, 'm.jsonl');
    for (const source of [
      `from: keys, url: ./list.txt`,
      `from: sitemap, url: "${site.url}sitemap.xml"`,
    ]) {
      await place.writeRules(`${rulesFor([site.url])}scan: [{ rule: all, ${source} }]\n`);
      const result = await run('scan', '--prefix', 'img/', '-o', file, '--new-job');
      expect(result.code).toBe(0);
      expect(await manifestKeys(file)).toEqual(['img/a.jpg', 'img/b.tmp', 'img/sub/c.jpg']);
      expect(result.summary?.scan?.passed).toEqual({ filtered: 3 });
    }
  });

  test('a directory is entered only where keys of the prefix can be', async () => {
    const root = path.join(place.folder, 'bucket');
    await run('migrate');
    await place.writeRules(
      `${rulesFor([site.url])}scan: [{ rule: all, from: directory, url: "${root}" }]\n`,
    );
    const file = path.join(place.folder, 'm.jsonl');
    const result = await run('scan', '--prefix', 'img/sub/', '-o', file);
    expect(await manifestKeys(file)).toEqual(['img/sub/c.jpg']);
    expect(result.summary?.scan).toMatchObject({ pages: 3 });
  });
});

describe('verify', () => {
  test('expects only what is let through, on both sides, and says what its digest covers', async () => {
    await run('migrate');
    await writeFile(path.join(place.bucket, 'img', 'extra.jpg'), 'x');
    await writeFile(path.join(place.bucket, 'extra.jpg'), 'x');
    site.put('late.jpg', 'late');
    const filter = ['--prefix', 'img/', '--exclude', '**/*.tmp'];
    const result = await run('verify', '--level', 'size', ...filter);
    expect(result.code).toBe(4);
    expect(outcomes(result)).toEqual({
      'img/a.jpg': 'equal',
      'img/extra.jpg': 'extra',
      'img/sub/c.jpg': 'equal',
    });
    expect(result.summary?.verify).toMatchObject({
      equal: 2,
      extra: 1,
      missing: 0,
      filter: { prefix: 'img/', exclude: ['**/*.tmp'] },
    });
    const digest = result.summary?.verify?.digest ?? '';
    expect(digest).toMatch(/^bf1:size:2:/);
    const forPeople = await runCli(['verify', place.rules, '--level', 'size', ...filter]);
    expect(forPeople.stderr).toContain(
      `digest of what is equal, of --prefix img/ --exclude '**/*.tmp' alone: ${digest}`,
    );
    expect((await run('verify', '--level', 'size')).summary?.verify?.filter).toBeUndefined();
  });

  test('of a list and of a manifest', async () => {
    await run('migrate', '--prefix', 'img/');
    await place.list(KEYS);
    const named = await run('verify', '--keys', place.keys, '--prefix', 'img/');
    expect(named.code).toBe(0);
    expect(Object.keys(outcomes(named))).toEqual(['img/a.jpg', 'img/b.tmp', 'img/sub/c.jpg']);
    const file = path.join(place.folder, 'm.jsonl');
    await run('scan', '-o', file);
    const whole = await run('verify', '--manifest', file, '--include', 'img/*');
    expect(whole.code).toBe(0);
    expect(Object.keys(outcomes(whole))).toEqual(['img/a.jpg', 'img/b.tmp']);
  });
});

describe('what makes no filter', () => {
  test.each([
    [['--include', '[a'], '--include "[a" is no glob: Missing closing: "]"'],
    [['--exclude', 'x{1..9}'], '--exclude "x{1..9}" is no glob: a range in braces'],
    [['--include', ''], "option '--include <glob>' argument '' is invalid. It is empty"],
    [['--prefix', ''], "option '--prefix <prefix>' argument '' is invalid. It is empty"],
    [['--prefix', 'a', '--prefix', 'b'], 'It goes once: give --include a/** --include b/**'],
  ])('%j', async (args, message) => {
    for (const command of ['migrate', 'sync', 'scan', 'verify']) {
      const result = await runCli([command, place.rules, ...args]);
      expect(result.code).toBe(2);
      expect(result.stderr).toContain(message);
    }
    expect(site.asked).toEqual([]);
  });

  test('an empty variable is no filter for everything', async () => {
    const result = await runCli(['migrate', place.rules], { env: { BUCKETFILL_PREFIX: '' } });
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('BUCKETFILL_PREFIX');
  });

  test('a prefix that no rule has keys below', async () => {
    const rules = rulesFor([site.url]).replace(
      '- id: all',
      '- id: all\n    match: { keyPrefix: img/ }',
    );
    await place.writeRules(rules);
    for (const command of ['migrate', 'sync', 'scan', 'verify']) {
      const result = await run(
        command,
        '--prefix',
        'video/',
        ...(command === 'scan' ? ['-o', 'm'] : []),
      );
      expect(result.code).toBe(2);
      expect(result.stderr).toMatch(/no rule is left to (scan|compare): see --rule, --prefix/);
    }
  });
});
