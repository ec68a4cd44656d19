import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { indexOf, type IndexSite, type SitePage, startIndexSite } from '../support/index-site.ts';
import { contradictions, plainFiles, sha256 } from '../support/oracle.ts';
import { type CliOptions, type CliResult, runCli, type RunningCli } from '../support/run-cli.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function bodyOf(key: string): Buffer {
  return Buffer.from(`the object ${key}`);
}

function object(key: string): SitePage {
  const body = bodyOf(key);
  return (response) => {
    response.writeHead(200, { 'content-length': body.length, etag: `"${key}"` }).end(body);
  };
}

/** A site of folders and objects; whatever `page` leaves undefined is one of `keys`, or 404. */
function siteOf(
  keys: () => readonly string[],
  page: (wire: string) => SitePage = () => undefined,
): (wire: string) => SitePage {
  return (wire) =>
    page(wire) ?? (keys().includes(wire.slice(1)) ? object(wire.slice(1)) : undefined);
}

/** The index pages of keys. */
function folderPage(wire: string, keys: readonly string[]): SitePage {
  if (!wire.endsWith('/')) return undefined;
  const below = keys.map((key) => `/${key}`).filter((key) => key.startsWith(wire));
  const links = below.map((key) => key.slice(wire.length).replace(/\/.*$/, '/'));
  return links.length === 0 ? undefined : indexOf(['../', ...new Set(links)]);
}

async function opened(page: (wire: string) => SitePage): Promise<[IndexSite, Workplace]> {
  const site = await startIndexSite(page);
  closing.push(site.close);
  const at = await workplace(rulesFor([site.url]));
  closing.push(at.remove);
  return [site, at];
}

function migrate(
  at: Workplace,
  args: readonly string[] = [],
  options: CliOptions = {},
): Promise<CliResult> {
  return runCli(['migrate', at.rules, '--json', ...args], options);
}

async function expectFilled(
  at: Workplace,
  keys: readonly string[],
  runs: readonly CliResult[],
): Promise<void> {
  const expected = {
    entries: keys,
    objects: new Map(keys.map((key) => [key, sha256(bodyOf(key))])),
    stored: () => plainFiles(at.bucket),
  };
  expect(await contradictions(runs, expected)).toEqual([]);
}

/** Resolves when the job has saved a manifest of more than so many bytes. */
async function saved(at: Workplace, bytes: number): Promise<void> {
  for (;;) {
    const file = path.join(at.folder, '.bucketfill/jobs/rules.migrate.scan/state/scan.json');
    const text = await readFile(file, 'utf8').catch(() => '{}');
    const { manifestBytes = 0 } = JSON.parse(text) as { manifestBytes?: number };
    if (manifestBytes > bytes) return;
    await sleep(5);
  }
}

const TREE = ['a.txt', 'd/b.txt', 'd/sub/c.txt', 'e/f.txt'];

describe('migrate without a list', () => {
  it('copies all of a tree, and says where every link has gone', async () => {
    const [, at] = await opened(
      siteOf(
        () => TREE,
        (wire) => folderPage(wire, TREE),
      ),
    );
    const result = await migrate(at);
    expect(result.code).toBe(0);
    expect(result.events[0]).toMatchObject({
      event: 'start',
      command: 'migrate',
      job: 'rules.migrate.scan',
    });
    expect(result.events.filter(({ event }) => event === 'start')).toHaveLength(1);
    expect(result.summary).toMatchObject({
      listed: 4,
      copied: 4,
      listingErrors: 0,
      // Four pages, robots.txt, four objects.
      originRequests: 9,
      scan: { pages: 4, keys: 4, places: 3, passed: { loop: 4 } },
    });
    await expectFilled(at, TREE, [result]);
    expect(result.stderr).toContain('scan: 11 links on 4 pages: 4 keys');
  });

  it('with a page that can not be listed exits 3 although every object arrived', async () => {
    const keys = ['a.txt', 'd/b.txt'];
    const broken = (wire: string): SitePage =>
      wire === '/' ? indexOf(['a.txt', 'd/', 'gone/']) : folderPage(wire, keys);
    const [, at] = await opened(siteOf(() => keys, broken));
    const result = await migrate(at, ['--quiet']);
    expect(result.code).toBe(3);
    expect(result.summary).toMatchObject({ copied: 2, failed: 0, listingErrors: 1, exitCode: 3 });
    expect(result.events).toContainEqual(
      expect.objectContaining({ event: 'listing', prefix: 'gone/', code: 'ORIGIN_NOT_FOUND' }),
    );
    expect(result.stderr).toContain('1 NOT LISTED, keys below are missing');
    await expectFilled(at, keys, [result]);
  });

  it('has copied the first object before the last page is listed', async () => {
    const keys = ['d0/first', 'd1/last'];
    let isCopied: (() => void) | undefined;
    const copied = new Promise<void>((resolve) => (isCopied = resolve));
    const [, at] = await opened(
      siteOf(
        () => keys,
        (wire) => {
          if (wire !== '/d1/') return folderPage(wire, keys);
          return (response) => {
            const page = indexOf(['last']);
            response.writeHead(200, { 'content-type': 'text/html' });
            // Held until the first object is in the bucket: else this test never ends.
            copied.then(
              () => response.end(page),
              () => undefined,
            );
          };
        },
      ),
    );
    const watching = (async () => {
      while (!(await plainFiles(at.bucket).catch(() => new Map())).has('d0/first')) await sleep(10);
      isCopied?.();
    })();
    const result = await migrate(at, ['--concurrency', '4']);
    await watching;
    expect(result.code).toBe(0);
    await expectFilled(at, keys, [result]);
  });

  it('finds what the origin was given since, and looks at every key again', async () => {
    let keys = TREE;
    const [, at] = await opened(
      siteOf(
        () => keys,
        (wire) => folderPage(wire, keys),
      ),
    );
    await migrate(at);
    keys = [...TREE, 'd/new.txt'];
    const again = await migrate(at);
    expect([again.code, again.summary]).toMatchObject([
      0,
      { resumed: false, listed: 5, copied: 1, skipped: 4 },
    ]);
    await expectFilled(at, keys, [again]);
  });

  it('copies an object as it is when its turn comes, whatever the listing told of it', async () => {
    const mtime = 'Sat, 21 Nov 2026 04:00:00 GMT';
    const listing = JSON.stringify([{ name: 'log', type: 'file', mtime, size: 1 }]);
    const [, at] = await opened(
      siteOf(
        () => ['log'],
        (wire) => {
          if (wire !== '/') return undefined;
          return (response) =>
            response.writeHead(200, { 'content-type': 'application/json' }).end(listing);
        },
      ),
    );
    const result = await migrate(at);
    expect(result.code).toBe(0);
    await expectFilled(at, ['log'], [result]);
  });

  it('in a dry run keeps no state and copies nothing', async () => {
    const [, at] = await opened(
      siteOf(
        () => TREE,
        (wire) => folderPage(wire, TREE),
      ),
    );
    const result = await migrate(at, ['--dry-run']);
    expect([result.code, result.summary]).toMatchObject([0, { planned: 4, copied: 0 }]);
    await expect(readFile(path.join(at.folder, '.bucketfill'))).rejects.toThrow('ENOENT');
    expect((await migrate(at)).summary).toMatchObject({ resumed: false, copied: 4 });
  });

  it('that finds nothing to list at the top ends with 5', async () => {
    const [, at] = await opened(() => undefined);
    const result = await migrate(at);
    expect([result.code, result.stderr]).toEqual([
      5,
      expect.stringContaining('nothing can be listed'),
    ]);
  });

  it('ends a scan that hangs when the copying can not go on', async () => {
    let isDown = false;
    const [site, at] = await opened((wire) => {
      if (wire === '/hangs/') return () => undefined;
      if (wire === '/robots.txt') return undefined;
      isDown ||= wire === '/a.txt';
      return isDown ? (response) => response.destroy() : indexOf(['a.txt', 'hangs/']);
    });
    const more = `    request: { timeouts: { firstByte: 1h } }
    protect: { breaker: { minimumCalls: 1, open: 1h } }
`;
    const patient = rulesFor([site.url], [], more);
    await at.writeRules(patient.replace('retries:', 'giveUpAfter: 10ms\n      retries:'));
    const result = await migrate(at);
    expect([result.code, result.summary]).toMatchObject([5, { listed: 0, scan: { pages: 1 } }]);
  });

  it('by other rules refuses to go on', async () => {
    const [site, at] = await opened(
      siteOf(
        () => TREE,
        (wire) => folderPage(wire, TREE),
      ),
    );
    expect((await migrate(at)).code).toBe(0);
    await at.writeRules(rulesFor([site.url], [], '    match: { keyPrefix: d/ }\n'));
    const result = await migrate(at);
    expect([result.code, result.stderr]).toEqual([6, expect.stringContaining('match changed')]);
  });
});

/** Thirty folders of forty objects. */
const MANY = Array.from({ length: 30 }, (_, folder) =>
  Array.from({ length: 40 }, (_, index) => `d${folder}/f${index}`),
).flat();

describe('migrate without a list, interrupted', () => {
  it('killed in the middle goes on: every key is told, and the bucket is the origin', async () => {
    let child: RunningCli | undefined;
    let isGated = true;
    const [site, at] = await opened(
      siteOf(
        () => MANY,
        (wire) => {
          // The last folders do not answer before the kill, so neither scan nor copy is done.
          const isLate = /^\/d2\d\/$/.test(wire);
          return isGated && isLate ? () => undefined : folderPage(wire, MANY);
        },
      ),
    );
    const killed = await migrate(at, ['--concurrency', '16'], {
      onStart: (running) => {
        child = running;
        saved(at, 10_000)
          .then(async () => {
            while ((child?.stdout().match(/"copied"/g) ?? []).length < 100) await sleep(5);
            isGated = false;
            child?.kill('SIGKILL');
          })
          .catch(() => undefined);
      },
    });
    expect([killed.code, killed.objects.length > 0]).toEqual([null, true]);
    const before = site.asked.length;
    const resumed = await migrate(at);
    expect(resumed.code).toBe(0);
    expect(resumed.summary).toMatchObject({
      resumed: true,
      listingErrors: 0,
      scan: { pages: 31, keys: MANY.length },
    });
    expect(resumed.summary?.carried.listed).toBeGreaterThan(0);
    await expectFilled(at, MANY, [killed, resumed]);
    // Pages that were walked before are not walked again.
    const pages = site.asked.slice(before).filter((wire) => /^\/d\d+\/$/.test(wire));
    expect(pages.length).toBeLessThan(30);
  });

  it.each(['checkpoint.begun', 'checkpoint.committed', 'job.finished'])(
    'killed at %s leaves nothing out',
    async (boundary) => {
      const [, at] = await opened(
        siteOf(
          () => TREE,
          (wire) => folderPage(wire, TREE),
        ),
      );
      const killed = await migrate(at, [], { killAt: { boundary, time: 1 } });
      expect(killed.code).toBeNull();
      const resumed = await migrate(at);
      // A job that was over looks at every key again.
      expect([resumed.code, resumed.summary?.resumed]).toEqual([0, boundary !== 'job.finished']);
      await expectFilled(at, TREE, [killed, resumed]);
    },
  );

  it('by SIGINT says so, and the next run takes up scan and copying', async () => {
    let child: RunningCli | undefined;
    let pages = 0;
    const [, at] = await opened(
      siteOf(
        () => MANY,
        (wire) => {
          const page = folderPage(wire, MANY);
          if (page !== undefined) pages += 1;
          if (pages === 8) child?.kill('SIGINT');
          return page;
        },
      ),
    );
    const stopped = await migrate(at, ['--concurrency', '2'], {
      onStart: (running) => (child = running),
    });
    expect([stopped.code, stopped.summary?.exitCode]).toEqual([130, 130]);
    const resumed = await migrate(at);
    expect([resumed.code, resumed.summary?.resumed]).toEqual([0, true]);
    expect(resumed.summary?.carried.listed).toBe(stopped.summary?.listed);
    await expectFilled(at, MANY, [stopped, resumed]);
  });
});

describe('migrate with a manifest', () => {
  it('copies what the scan has written', async () => {
    const [site, at] = await opened(
      siteOf(
        () => TREE,
        (wire) => folderPage(wire, TREE),
      ),
    );
    const file = path.join(at.folder, 'm.jsonl');
    expect((await runCli(['scan', at.rules, '-o', file])).code).toBe(0);
    const before = site.asked.length;
    const result = await migrate(at, ['--manifest', file]);
    expect(result.code).toBe(0);
    await expectFilled(at, TREE, [result]);
    expect(site.asked.slice(before)).not.toContain('/d/');
  });

  it('is read as JSON Lines whatever it is called', async () => {
    const [, at] = await opened(siteOf(() => ['{a}']));
    const file = path.join(at.folder, 'keys.txt');
    await writeFile(file, '\n{"key":"{a}"}\n');
    const result = await migrate(at, ['--manifest', file]);
    expect(result.objects).toMatchObject([{ key: '{a}' }]);
  });

  it.each([
    [['--keys', 'k.txt'], '--keys and --manifest both name the keys'],
    [['--keys-format', 'csv'], 'a manifest is jsonl'],
  ])('and %j is a usage error', async (more, message) => {
    const [, at] = await opened(() => undefined);
    const result = await migrate(at, ['--manifest', 'm.jsonl', ...more]);
    expect([result.code, result.stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
