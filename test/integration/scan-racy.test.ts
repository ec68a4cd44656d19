import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startIndexSite } from '../support/index-site.ts';
import { runCli } from '../support/run-cli.ts';
import { rulesFor, workplace } from '../support/workplace.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Line {
  readonly key: string;
  readonly racy?: boolean;
}

/** By nginx's own clock, which is years behind ours. */
const DATE = 'Sat, 21 Nov 2020 18:03:00 GMT';

const PAGE = `<html><body><pre><a href="../">../</a>
<a href="ahead">ahead</a>   21-Nov-2020 18:30    5
<a href="old">old</a>     21-Nov-2020 18:01    5
<a href="young">young</a>   21-Nov-2020 18:02    5
</pre></body></html>\n`;

it('objects as young as the listing are marked, by the clock of who listed them', async () => {
  const site = await startIndexSite((wire) => {
    if (wire === '/robots.txt') return undefined;
    if (wire !== '/')
      return (response) => response.writeHead(200, { 'content-length': 5 }).end('12345');
    return (response) => {
      // A cache has had the page for two years: the Date stays that of its making.
      response.writeHead(200, { 'content-type': 'text/html', date: DATE, age: '63072000' });
      response.end(PAGE);
    };
  });
  closing.push(site.close);
  const at = await workplace(rulesFor([site.url]));
  closing.push(at.remove);
  const manifest = path.join(at.folder, 'manifest.jsonl');
  expect(await runCli(['scan', at.rules, '-o', manifest])).toMatchObject({ code: 0 });
  const lines = (await readFile(manifest, 'utf8')).trim().split('\n');
  const parsed = lines.map((line) => JSON.parse(line) as Line);
  expect(Object.fromEntries(parsed.map(({ key, racy }) => [key, racy]))).toEqual({
    ahead: true,
    old: undefined,
    young: true,
  });
  const migrated = await runCli(['migrate', at.rules, '--manifest', manifest, '--json']);
  expect(migrated.summary).toMatchObject({ copied: 3, failed: 0, exitCode: 0 });
});
