import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { ServeStatus } from '../../src/model/serve-status.ts';
import { statusPage } from '../../src/page/status-page.ts';
import { type AdminAddress, openAdmin } from '../../src/serve/admin/admin.ts';
import { busyStatus, emptyStatus, HOSTILE_KEYS } from '../page/sample-status.ts';
import { sampleView } from '../serve/admin-under-test.ts';
import { LOW_CONTRASTS, STICKS_OUT } from './page-look.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-headless-shell'].find(existsSync);
const POLL_MS = 2000;

let browser: Browser;

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
});

afterAll(async () => {
  if (CHROMIUM !== undefined) await browser.close();
});

beforeEach(({ skip }) => {
  skip(CHROMIUM === undefined, 'there is no chromium: apt-get install chromium');
});

/** A real admin port whose status the test sets. */
async function openProxy(status: ServeStatus, port = 0) {
  let current = status;
  const view = sampleView({ status: () => Promise.resolve(current), page: statusPage });
  const admin = await openAdmin({ listen: { host: '127.0.0.1', port }, view, token: undefined });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await admin.close();
    isOpen = false;
  };
  onTestFinished(close);
  const set = (next: ServeStatus): void => {
    current = next;
  };
  return { address: admin.address, set, close };
}

interface Opened {
  readonly page: Page;
  /** What the browser complained of: errors of scripts, and what the policy forbade. */
  readonly complaints: readonly string[];
}

/** The page in a window of its own, with a clock that the test moves. */
async function openPage(
  { port }: AdminAddress,
  options: { readonly width?: number; readonly colorScheme?: 'light' | 'dark' } = {},
): Promise<Opened> {
  const { width = 1280, colorScheme = 'light' } = options;
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.clock.install();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A failed fetch is what one test is about.
    if (message.type() === 'error' && !message.text().includes('ERR_CONNECTION')) {
      complaints.push(message.text());
    }
  });
  page.on('dialog', (dialog) => complaints.push(dialog.message()));
  await page.goto(`http://127.0.0.1:${port}/`);
  return { page, complaints };
}

test('it draws itself anew every two seconds, and only what changed', async () => {
  const proxy = await openProxy(emptyStatus());
  const { page, complaints } = await openPage(proxy.address);
  expect(await page.textContent('#verdict')).toContain('not yet');
  await page.evaluate('document.querySelector("#last-keys tr").isKept = true');
  const isKept = '[...document.querySelectorAll("#last-keys tr")].some((row) => row.isKept)';
  const empty = emptyStatus();
  const verdict = { safe: true, text: 'safe to switch off: yes, as said now' };
  proxy.set({ ...empty, cutover: { ...empty.cutover, verdict } });
  await page.clock.runFor(POLL_MS);
  await page.getByText('safe to switch off: yes, as said now').waitFor();
  expect(await page.locator('#verdict p.yes').count()).toBe(1);
  expect(await page.locator('#verdict[aria-live=polite]').count()).toBe(1);
  expect(await page.evaluate(isKept)).toBe(true);
  proxy.set(busyStatus(['a-new-key']));
  await page.clock.runFor(POLL_MS);
  await page.locator('#last-keys').getByText('a-new-key').waitFor();
  expect(await page.evaluate(isKept)).toBe(false);
  expect(complaints).toEqual([]);
});

test('it says when it lost contact, and goes on when the proxy is back', async () => {
  const proxy = await openProxy(emptyStatus());
  const { page } = await openPage(proxy.address);
  expect(await page.textContent('#contact')).toBe('');
  await proxy.close();
  await page.clock.runFor(POLL_MS);
  await page.getByRole('alert').getByText('No contact with the proxy since').waitFor();
  expect(await page.textContent('#verdict')).toContain('not yet');
  await openProxy(busyStatus(['back-again']), proxy.address.port);
  await page.clock.runFor(POLL_MS);
  await page.locator('#last-keys').getByText('back-again').waitFor();
  expect(await page.textContent('#contact')).toBe('');
});

test('hostile keys are text, drawn at first and drawn live', async () => {
  const proxy = await openProxy(busyStatus(HOSTILE_KEYS));
  const { page, complaints } = await openPage(proxy.address);
  const shown = async (): Promise<string[]> => page.locator('#last-keys .key').allTextContents();
  const atFirst = await shown();
  expect(atFirst).toHaveLength(HOSTILE_KEYS.length);
  expect(atFirst[0]).toBe('<script>document.title="taken"</script>');
  proxy.set(busyStatus(HOSTILE_KEYS.toReversed()));
  await page.clock.runFor(POLL_MS);
  await expect.poll(shown).toEqual(atFirst.toReversed());
  expect(await page.title()).toBe('bucketfill');
  expect(await page.locator('main img, main script').count()).toBe(0);
  expect(complaints).toEqual([]);
});

describe.each([
  ['light', 360],
  ['light', 1280],
  ['dark', 360],
  ['dark', 1280],
] as const)('in %s, %i pixels wide', (colorScheme, width) => {
  test.each([
    ['nothing', emptyStatus()],
    ['much', busyStatus(['video/a.mp4', 'img/b.png'])],
    ['hostile keys', busyStatus(HOSTILE_KEYS)],
  ])('nothing sticks out or is hard to read with %s to show', async (_, status) => {
    const proxy = await openProxy(status);
    const { page, complaints } = await openPage(proxy.address, { width, colorScheme });
    expect(await page.evaluate(STICKS_OUT)).toEqual([]);
    expect(await page.evaluate(LOW_CONTRASTS)).toEqual([]);
    const ground = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe(colorScheme === 'light' ? 'rgb(246, 247, 249)' : 'rgb(15, 19, 24)');
    expect(complaints).toEqual([]);
  });
});
