import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { reportPage } from '../../src/page/report-page.ts';
import type { ReportView } from '../../src/page/report-view.ts';
import { showText } from '../../src/page/show-text.ts';
import { busyReport, emptyReport } from '../page/sample-report.ts';
import { HOSTILE_KEYS } from '../page/sample-status.ts';
import { LOW_CONTRASTS, STICKS_OUT } from './page-look.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-headless-shell'].find(existsSync);
const PLAIN = Array.from({ length: 20 }, (_, at) => `video/2026/clip-${at}.mp4`);

let browser: Browser;
let folder: string;

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-report-'));
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
});

afterAll(async () => {
  if (CHROMIUM === undefined) return;
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(({ skip }) => {
  skip(CHROMIUM === undefined, 'there is no chromium: apt-get install chromium');
});

interface Opened {
  readonly page: Page;
  /** What the browser complained of: errors, and what the policy forbade. */
  readonly complaints: readonly string[];
  /** Every address that was asked for. */
  readonly asked: readonly string[];
}

/** The report as a file, opened in a window of its own. */
async function openReport(view: ReportView, options: BrowserContextOptions = {}): Promise<Opened> {
  const file = path.join(folder, 'report.html');
  await writeFile(file, reportPage(view));
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('dialog', (dialog) => complaints.push(dialog.message()));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  return { page, complaints, asked };
}

test('it is one file that asks for nothing else', async () => {
  const { complaints, asked } = await openReport(busyReport(PLAIN));
  expect(asked.map((url) => path.basename(url))).toEqual(['report.html']);
  expect(complaints).toEqual([]);
});

test('hostile keys are text', async () => {
  const { page, complaints } = await openReport(busyReport(HOSTILE_KEYS));
  const shown = await page.locator('#slowest .key').allTextContents();
  for (const key of HOSTILE_KEYS) expect(shown).toContain(showText(key));
  expect(await page.title()).toBe('rules.migrate.scan – bucketfill report');
  expect(await page.locator('main img, script, main h1').count()).toBe(0);
  expect(complaints).toEqual([]);
});

test('on paper nothing is cut off by a scroll bar', async () => {
  const { page } = await openReport(busyReport(PLAIN));
  await page.emulateMedia({ media: 'print' });
  const cut = `[...document.querySelectorAll('.scroll')]
    .filter((element) => element.scrollHeight > element.clientHeight)
    .map((element) => element.ariaLabel)`;
  expect(await page.evaluate(cut)).toEqual([]);
  expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
    'rgb(255, 255, 255)',
  );
});

describe.each([
  ['light', 400],
  ['light', 1280],
  ['dark', 400],
  ['dark', 1280],
] as const)('in %s, %i pixels wide', (colorScheme, width) => {
  test.each([
    ['nothing', emptyReport()],
    ['much', busyReport(PLAIN)],
    ['hostile keys', busyReport(HOSTILE_KEYS)],
  ])('nothing sticks out or is hard to read with %s to show', async (_, view) => {
    const { page, complaints } = await openReport(view, {
      colorScheme,
      viewport: { width, height: 800 },
    });
    expect(await page.evaluate(STICKS_OUT)).toEqual([]);
    expect(await page.evaluate(LOW_CONTRASTS)).toEqual([]);
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe(colorScheme === 'light' ? 'rgb(246, 247, 249)' : 'rgb(15, 19, 24)');
    expect(complaints).toEqual([]);
  });
});
