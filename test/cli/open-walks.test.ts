import { afterEach, expect, test } from 'vitest';
import { openHosts } from '../../src/cli/open-hosts.ts';
import { openWalks } from '../../src/cli/open-walks.ts';
import { pickSources } from '../../src/cli/scan-sources.ts';
import { processSurroundings } from '../../src/cli/surroundings.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { indexOf, startIndexSite } from '../support/index-site.ts';
import { startS3Double } from '../support/s3-double.ts';
import { rulesOf } from '../rules/rules-of.ts';

const never = new AbortController().signal;
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Two requests a second for all hosts of a run, of which something else has taken the first. */
async function walkBeside(master: string) {
  const clock = fakeClock();
  const rules = rulesOf(
    `allowPrivate: true\nrules: [{ id: a, origins: { masters: [${master}] } }]`,
  );
  const rates = { bytesPerSecond: undefined, requestsPerSecond: 2 };
  const hosts = openHosts(rates, clock, never, undefined);
  const [rule] = rules.rules;
  if (rule === undefined) throw new Error('no rule');
  const needs = { protect: rule.protect, maxPauseMs: 1000, traffic: { bodyBytes: 0 } };
  expect(hosts.of('elsewhere.example', needs).pace.requests[0]?.take(1, never)).toBeUndefined();
  const settings = {
    allowPrivate: true,
    folder: '.',
    concurrency: 4,
    requestsPerSecond: 1_000_000,
    hosts,
    ignoreRobots: true,
    onState: () => undefined,
    onWaiting: () => undefined,
    drain: never,
  };
  const surroundings = { ...processSurroundings(), steadyClock: clock, env: {} };
  const walks = await openWalks(pickSources(rules, []), settings, surroundings);
  closing.push(walks.close);
  const [target] = walks.targets;
  const [start] = target?.walk.start() ?? [];
  if (target === undefined || start === undefined) throw new Error('nothing to walk');
  return { clock, pieces: target.walk.walk(start, never)[Symbol.asyncIterator]() };
}

test('pages wait for the tokens of the run that they share with its objects', async () => {
  const site = await startIndexSite(() => indexOf(['k']));
  closing.push(site.close);
  const { clock, pieces } = await walkBeside(`"${site.url}"`);
  const piece = pieces.next();
  await clock.advance(499);
  expect(site.asked).toEqual([]);
  await clock.advance(1);
  expect((await piece).value).toMatchObject({ links: 1 });
});

test('and so do the pages of an S3 listing', async () => {
  const store = await startS3Double();
  closing.push(() => store.close());
  const { clock, pieces } = await walkBeside(
    `{ url: "s3://bucket/", endpoint: "${store.endpoint}", credentials: anonymous }`,
  );
  const piece = pieces.next();
  piece.catch(() => undefined);
  await clock.advance(499);
  expect(store.requests).toHaveLength(0);
  await clock.advance(1);
  await piece.catch(() => undefined);
  expect(store.requests.length).toBeGreaterThan(0);
});
