import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { indexOf, startIndexSite } from '../support/index-site.ts';
import { runCli } from '../support/run-cli.ts';
import { rulesFor, workplace } from '../support/workplace.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const FOLDERS = Array.from({ length: 60 }, (_, index) => `d${index}/`);
const FILES = Array.from({ length: 3 }, (_, index) => `f${index}`);

/** Long enough that whoever may ask beside it does. */
const HELD_MS = 5;

it.each([1, 3])('pages and objects of one address together are at most %i', async (most) => {
  let [underWay, peak] = [0, 0];
  const site = await startIndexSite((wire) => {
    if (wire === '/robots.txt') return undefined;
    return (response) => {
      underWay += 1;
      peak = Math.max(peak, underWay);
      const page = wire === '/' ? indexOf(FOLDERS) : indexOf(FILES);
      const answer = (): void => {
        underWay -= 1;
        const type = wire.endsWith('/') ? 'text/html' : 'text/plain';
        response.writeHead(200, { 'content-type': type, 'content-length': page.length }).end(page);
      };
      sleep(HELD_MS).then(answer, answer);
    };
  });
  closing.push(site.close);
  const rules = rulesFor([site.url], [], `    protect: { concurrency: ${most} }\n`);
  const at = await workplace(rules);
  closing.push(at.remove);
  const result = await runCli(['migrate', at.rules, '--json']);
  const count = FOLDERS.length * FILES.length;
  // Neither waits for the other for ever.
  expect(result.summary).toMatchObject({ copied: count, failed: 0, exitCode: 0 });
  expect(peak).toBe(most);
});
