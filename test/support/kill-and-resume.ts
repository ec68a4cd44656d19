import { expect } from 'vitest';
import { contradictions, plainFiles } from './oracle.ts';
import type { CliResult } from './run-cli.ts';
import type { Site } from './site.ts';
import { rulesFor, type Workplace, workplace } from './workplace.ts';

/** Proves that the runs of a job filled the directory bucket, and told every entry. */
export async function expectAllAccountedFor(
  site: Site,
  place: Workplace,
  runs: readonly CliResult[],
): Promise<void> {
  const expected = {
    entries: site.keys,
    objects: site.digests,
    stored: () => plainFiles(place.bucket),
  };
  expect(await contradictions(runs, expected)).toEqual([]);
}

/** A place with the site's list. */
export async function placeFor(site: Site): Promise<Workplace> {
  const place = await workplace(rulesFor([site.url]));
  await place.list(site.keys);
  return place;
}

/** Kills a run at the n-th time that it reaches a boundary, runs the job again, asks the oracle. */
export async function killAndResume(
  site: Site,
  boundary: string,
  time: number,
): Promise<CliResult> {
  const place = await placeFor(site);
  const killed = await place.migrate([], { killAt: { boundary, time } });
  expect(killed.code).toBeNull();
  const resumed = await place.migrate();
  expect(resumed.code).toBe(0);
  await expectAllAccountedFor(site, place, [killed, resumed]);
  await place.remove();
  return resumed;
}
