import { startSite, slowly } from './faulty-site.js';
import { bytesOf } from './trials.js';

/** More than all killed runs together can finish. */
const OBJECTS = 600;
const OBJECT_BYTES = 200_000;

/** Between the halves of an object. */
const PAUSE_MS = 20;

/** A run is killed when it asks for so many objects; the numbers go round. */
const KILLED_AT = [3, 5, 7, 11, 13];

/**
 * Kills a contestant's runs with SIGKILL while objects are under way, then lets one run to its end.
 * After each kill the objects that a reader of the directory would find cut are counted.
 * @returns {Promise<string>} a cell of the table
 */
export async function killTrial(contestant, folder, kills) {
  const expected = new Map();
  for (let index = 0; index < OBJECTS; index += 1) {
    const key = `object-${index}.bin`;
    expected.set(key, bytesOf(key, OBJECT_BYTES));
  }
  const behaviours = Array.from(expected, ([key, bytes]) => [key, slowly(bytes, PAUSE_MS)]);
  const site = await startSite(new Map(behaviours));
  let cut = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const run = await contestant.start(site.url, [...expected.keys()], folder);
    let left = KILLED_AT[kill % KILLED_AT.length];
    site.watch(() => {
      left -= 1;
      if (left === 0) globalThis.setTimeout(run.kill, PAUSE_MS / 2);
    });
    await run.exited;
    cut = Math.max(cut, wrongOnes(await contestant.stored(folder), expected).length);
  }
  site.watch(() => undefined);
  const last = await contestant.start(site.url, [...expected.keys()], folder);
  const code = await last.exited;
  const stored = await contestant.stored(folder);
  await site.close();
  const wrong = wrongOnes(stored, expected);
  const missing = [...expected.keys()].filter((key) => !stored.has(key));
  const end = wrong.length + missing.length === 0 ? 'right' : '**not right**';
  const seen = cut === 0 ? 'no cut object' : `**up to ${cut} cut objects**`;
  return `${end} at the end, ${seen} in between, exit ${String(code)}`;
}

/** Objects with other bytes than they ought to have, or that nobody asked for. */
function wrongOnes(stored, expected) {
  return [...stored]
    .filter(([key, bytes]) => !(expected.get(key)?.equals(bytes) ?? false))
    .map(([key]) => key);
}
