// Works with the shared store of a directory until it is killed, or is done. Arguments: directory,
// what to do, a name or a number.
import { writeSync } from 'node:fs';
import { setInterval } from 'node:timers';
import { openSharedStore } from '../../dist/checkpoint/shared-store.js';

const [, , directory, work, argument] = process.argv;
const store = await openSharedStore({ directory, now: () => 0 });
const say = (line) => writeSync(1, `${line}\n`);
const fill = (key) => ({ key, rule: 'all', query: '', headers: {} });

/** One request of two rules each, in an hour of their own. */
function requests(hour) {
  const count = { hourMs: hour * 3_600_000, requests: 1, neededOrigin: 1 };
  return {
    watch: { sinceMs: 0, untilMs: hour },
    counts: ['a', 'b'].map((rule) => ({ ...count, rule })),
    keys: [{ key: `${hour}`, rule: 'a', mark: 'MISS', timeMs: hour }],
    dropHoursBeforeMs: 0,
    dropKeysBeforeMs: 0,
    mostKeys: 1000,
  };
}

switch (work) {
  // Says each change once it is acknowledged. Every other fill is ended as well.
  case 'until-killed':
    await store.claims.claim('large', argument);
    for (let at = 0; ; at += 1) {
      const key = `${argument}/${at}`;
      await Promise.all([
        store.pending.record(fill(key)).then(() => say(`recorded ${key}`)),
        store.gauge.add(requests(1)).then(() => say('counted')),
      ]);
      if (at % 2 === 0) continue;
      await store.pending.done(key);
      say(`done ${key}`);
    }
  // Adds what `argument` says, one by one.
  case 'add':
    for (let at = 0; at < Number(argument); at += 1) {
      await store.gauge.add(requests(at % 5));
      await store.pending.record(fill(`${process.pid}/${at}`));
    }
    await store.close();
    break;
  case 'idle':
    say('opened');
    setInterval(() => undefined, 1000);
    break;
  case 'hold':
    await store.pending.record(fill('promised'));
    say(JSON.stringify(await store.claims.claim('large', argument)));
    setInterval(() => undefined, 1000);
}
