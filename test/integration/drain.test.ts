import { afterEach, beforeEach, expect, test } from 'vitest';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { contradictions, plainFiles, sha256 } from '../support/oracle.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const body = (key: string): string => `the object ${key}`;

let site: FaultOrigin;
let place: Workplace;

beforeEach(async () => {
  site = await faultOrigin();
});
afterEach(async () => {
  await Promise.all([site.close(), place.remove()]);
});

const askedFor = (): readonly string[] =>
  site.requests
    .filter(({ method }) => method === 'GET')
    .map(({ path }) => path.slice(1))
    .filter((key) => KEYS.includes(key));

test.each([
  {
    how: 'one object at a time',
    flags: ['--concurrency', '1'],
    more: '',
    promised: (keys: readonly string[]) => keys,
  },
  {
    how: 'all at once, of which the origin takes one',
    flags: ['--concurrency', '5'],
    more: '    protect: { concurrency: 1 }\n',
    // Who of those that wait is asked next is nobody's promise.
    promised: (keys: readonly string[]) => keys.toSorted(),
  },
])(
  'SIGTERM, $how: the first is finished, none behind it is begun, and the next run has them all',
  async ({ flags, more, promised }) => {
    for (const key of KEYS) site.script(`/${key}`, { body: body(key) });
    // Long enough for the signal to come while it is under way.
    site.script('/a', { body: body('a'), delayMs: 1000 });
    place = await workplace(rulesFor([`${site.url}/`], [], more));
    await place.list(KEYS);
    const stopped = await place.migrate(flags, {
      onStart: ({ kill }) => {
        const watch = setInterval(() => {
          if (!askedFor().includes('a')) return;
          clearInterval(watch);
          kill('SIGTERM');
        }, 5);
      },
    });
    expect(stopped.code).toBe(143);
    expect(stopped.summary).toMatchObject({ listed: 1, copied: 1, failed: 0, exitCode: 143 });
    expect(askedFor()).toEqual(['a']);
    const next = await place.migrate(flags);
    expect(next.code).toBe(0);
    expect(next.summary).toMatchObject({ resumed: true, copied: 4, carried: { copied: 1 } });
    expect(promised(askedFor())).toEqual(KEYS);
    const objects = new Map(KEYS.map((key) => [key, sha256(body(key))]));
    const stored = () => plainFiles(place.bucket);
    expect(await contradictions([stopped, next], { entries: KEYS, objects, stored })).toEqual([]);
  },
);
