import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { ScanTotals } from '../../src/model/event.ts';
import { indexOf, type IndexSite, type SitePage, startIndexSite } from '../support/index-site.ts';
import { type CliResult, runCli, type RunningCli } from '../support/run-cli.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function opened(page: (path: string) => SitePage): Promise<[IndexSite, Workplace]> {
  const site = await startIndexSite(page);
  closing.push(site.close);
  const at = await workplace(rulesFor([site.url]));
  closing.push(at.remove);
  return [site, at];
}

async function keysOf(at: Workplace, file: string): Promise<string[]> {
  const text = await readFile(path.join(at.folder, file), 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { key: string }).key);
}

function totalsOf({ summary }: CliResult): ScanTotals {
  if (summary?.scan === undefined) throw new Error('there is no summary');
  return summary.scan;
}

function args(at: Workplace, file: string, more: readonly string[] = []): string[] {
  return ['scan', at.rules, '-o', path.join(at.folder, file), '--json', ...more];
}

/** Resolves when the scan has saved that its manifest has more than so many bytes. */
async function saved(at: Workplace, bytes: number): Promise<void> {
  for (;;) {
    const file = path.join(at.folder, '.bucketfill/jobs/rules.scan/state/scan.json');
    const text = await readFile(file, 'utf8').catch(() => '{}');
    const { manifestBytes = 0 } = JSON.parse(text) as { manifestBytes?: number };
    if (manifestBytes > bytes) return;
    await sleep(5);
  }
}

function killWhenSaved(at: Workplace, child: () => RunningCli | undefined, bytes = 0): void {
  saved(at, bytes)
    .then(() => child()?.kill('SIGKILL'))
    .catch(() => undefined);
}

const FOLDERS = 60;

/** Sixty folders of ninety files, each a few folders deep. */
function tree(wire: string): SitePage {
  if (wire === '/') return indexOf(Array.from({ length: FOLDERS }, (_, index) => `d${index}/`));
  const files = Array.from({ length: 30 }, (_, index) => `f${index}`);
  if (/^\/d\d+\/(?:s\/)?$/.test(wire)) return indexOf(['../', 's/', ...files]);
  return /^\/d\d+\/s\/s\/$/.test(wire) ? indexOf(['../', ...files]) : undefined;
}

describe('a scan that is killed', () => {
  it('goes on where it stood: the same keys, the same counts', async () => {
    let child: RunningCli | undefined;
    let pages = 0;
    const [site, at] = await opened((wire) => {
      if (wire === '/robots.txt') return undefined;
      pages += 1;
      if (pages !== 100) return tree(wire);
      return () => {
        // Far more than the first save has, so that most pages are done.
        killWhenSaved(at, () => child, 50_000);
      };
    });
    const killed = await runCli(args(at, 'm.jsonl', ['--concurrency', '4']), {
      onStart: (running) => (child = running),
    });
    expect(killed.code).toBe(null);
    const before = site.asked.length;
    const result = await runCli(args(at, 'm.jsonl', ['--concurrency', '4']));
    expect(result.code).toBe(0);
    expect(result.summary).toMatchObject({ resumed: true });
    expect(result.summary?.carried.listed).toBeGreaterThan(0);
    const resumedRequests = site.asked.length - before;
    const afresh = await runCli(args(at, 'fresh.jsonl', ['--job', 'fresh']));
    expect(totalsOf(result)).toEqual(totalsOf(afresh));
    const keys = await keysOf(at, 'm.jsonl');
    expect(keys).toHaveLength(FOLDERS * 90);
    expect(keys.toSorted()).toEqual((await keysOf(at, 'fresh.jsonl')).toSorted());
    expect(resumedRequests).toBeLessThan(1 + FOLDERS * 3);
  });

  it('in the middle of a page takes from it only what was missing', async () => {
    const names = Array.from({ length: 5000 }, (_, index) => `f${index}`);
    const page = indexOf(names);
    let isFirst = true;
    let child: RunningCli | undefined;
    const [, at] = await opened((wire) => {
      if (wire === '/robots.txt') return undefined;
      if (!isFirst) return page;
      return (response) => {
        response.writeHead(200, { 'content-type': 'text/html', 'content-length': page.length });
        response.write(page.slice(0, 80_000));
        killWhenSaved(at, () => {
          isFirst = false;
          return child;
        });
      };
    });
    const killed = await runCli(args(at, 'm.jsonl'), { onStart: (running) => (child = running) });
    expect(killed.code).toBe(null);
    const result = await runCli(args(at, 'm.jsonl'));
    expect(result.code).toBe(0);
    expect(result.summary?.carried.listed).toBeGreaterThan(500);
    expect(totalsOf(result)).toMatchObject({ links: 5000, keys: 5000, pages: 1 });
    expect(await keysOf(at, 'm.jsonl')).toEqual(names);
  });

  it('on a page that has changed since lists it again, says so, and loses nothing', async () => {
    const page = indexOf(Array.from({ length: 5000 }, (_, index) => `f${index}`));
    let child: RunningCli | undefined;
    let answer: SitePage = (response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-length': page.length });
      response.write(page.slice(0, 80_000));
    };
    const [, at] = await opened((wire) => (wire === '/robots.txt' ? undefined : answer));
    await runCli(args(at, 'm.jsonl'), {
      onStart: (running) => {
        child = running;
        killWhenSaved(at, () => child);
      },
    });
    answer = indexOf(['new', 'f0']);
    const result = await runCli(args(at, 'm.jsonl'));
    expect([result.code, result.stderr]).toEqual([0, expect.stringContaining('listed again')]);
    expect(new Set(await keysOf(at, 'm.jsonl'))).toContain('new');
  });
});

describe('a scan that is stopped', () => {
  it('finishes its pages, writes no manifest, and goes on at the next run', async () => {
    let child: RunningCli | undefined;
    let pages = 0;
    const [, at] = await opened((wire) => {
      if (wire === '/robots.txt') return undefined;
      pages += 1;
      if (pages === 20) child?.kill('SIGTERM');
      return tree(wire);
    });
    const stopped = await runCli(args(at, 'm.jsonl', ['--concurrency', '2']), {
      onStart: (running) => (child = running),
    });
    expect(stopped.code).toBe(143);
    expect(stopped.summary).toMatchObject({ exitCode: 143 });
    await expect(keysOf(at, 'm.jsonl')).rejects.toThrow();
    const result = await runCli(args(at, 'm.jsonl'));
    expect([result.code, (await keysOf(at, 'm.jsonl')).length]).toEqual([0, FOLDERS * 90]);
  });

  it('by other rules refuses to go on', async () => {
    const [site, at] = await opened((wire) => (wire === '/' ? indexOf(['a']) : undefined));
    expect((await runCli(args(at, 'm.jsonl'))).code).toBe(0);
    await at.writeRules(rulesFor([site.url], [], '    match: { keyPrefix: x/ }\n'));
    const result = await runCli(args(at, 'm.jsonl'));
    expect([result.code, result.stderr]).toEqual([6, expect.stringContaining('match changed')]);
  });

  it('that came to its end starts afresh', async () => {
    let links = ['a'];
    const [, at] = await opened((wire) => (wire === '/' ? indexOf(links) : undefined));
    await runCli(args(at, 'm.jsonl'));
    links = ['b'];
    const again = await runCli(args(at, 'm.jsonl'));
    expect(again.summary).toMatchObject({ resumed: false, listed: 1 });
    expect(await keysOf(at, 'm.jsonl')).toEqual(['b']);
  });
});
