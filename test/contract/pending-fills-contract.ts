import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objectKey } from '../../src/model/object-key.ts';
import type { PendingFill, PendingFills } from '../../src/model/pending-fills.ts';

/** One process's end of a store; once closed, what it owned is a dead process's. */
export interface PendingEnd {
  readonly pending: PendingFills;
  close(): Promise<void>;
}

/** A store that nothing was recorded in. */
export interface PendingPlace {
  open(): Promise<PendingEnd>;
  remove(): Promise<void>;
}

/** A fill of that key, with nothing that goes along. */
export function fillOf(key: string, change: Partial<PendingFill> = {}): PendingFill {
  return { key: objectKey(key), rule: 'all', query: '', headers: {}, ...change };
}

/** What every PendingFills does, whatever it is made of. */
export function pendingFillsContract(name: string, place: () => Promise<PendingPlace>): void {
  describe(`pending fills (${name})`, () => {
    let store: PendingPlace;
    let ends: PendingEnd[];
    let pending: PendingFills;
    const open = async (): Promise<PendingEnd> => {
      const end = await store.open();
      ends.push(end);
      return end;
    };
    beforeEach(async () => {
      store = await place();
      ends = [];
      ({ pending } = await open());
    });
    afterEach(async () => {
      await Promise.all(ends.map(async (end) => end.close()));
      await store.remove();
    });

    const keysOf = (fills: readonly PendingFill[]): readonly string[] =>
      fills.map(({ key }) => key);

    it('are none before one is recorded', async () => {
      expect(await pending.all()).toEqual([]);
      expect(await pending.takeOver()).toEqual([]);
    });

    it('come back whole, with all that goes along', async () => {
      const headers = { 'x-device': 'ü "1"', cookie: 'a=b; c=d', constructor: '' };
      const fill = fillOf('a/b.txt', { rule: 'video', query: 'w=1&h=%2F&', headers });
      await pending.record(fill);
      expect(await pending.all()).toEqual([fill]);
    });

    it('come oldest first, whatever their keys', async () => {
      const keys = ['m', 'z', 'a\u0000b', 'a', 'e\u0301', '\u00e9', '😀', '\uffee', '__proto__'];
      for (const key of keys) await pending.record(fillOf(key));
      expect(keysOf(await pending.all())).toEqual(keys);
    });

    it('are one for each key, the first that was recorded', async () => {
      await pending.record(fillOf('a', { query: 'first' }));
      await pending.record(fillOf('b'));
      await pending.record(fillOf('a', { query: 'second' }));
      const { pending: others } = await open();
      await others.record(fillOf('a', { query: 'third' }));
      expect(await pending.all()).toEqual([fillOf('a', { query: 'first' }), fillOf('b')]);
    });

    it('end when one says so, whosever they are, and can be recorded anew', async () => {
      const { pending: others } = await open();
      for (const key of ['a', 'b', 'c']) await pending.record(fillOf(key));
      await pending.done(objectKey('a'));
      await pending.done(objectKey('a'));
      await others.done(objectKey('b'));
      expect(keysOf(await pending.all())).toEqual(['c']);
      await pending.record(fillOf('a'));
      expect(keysOf(await others.all())).toEqual(['c', 'a']);
    });

    it('are carried out in the order in which calls are made', async () => {
      const calls = Array.from({ length: 30 }, async (_, at) => pending.record(fillOf(String(at))));
      const ended = pending.done(objectKey('7'));
      const again = pending.record(fillOf('7'));
      await Promise.all([...calls, ended, again]);
      const expected = Array.from({ length: 30 }, (_, at) => String(at)).filter((at) => at !== '7');
      expect(keysOf(await pending.all())).toEqual([...expected, '7']);
    });

    it('stay with who recorded them while that one lives', async () => {
      await pending.record(fillOf('a'));
      const { pending: others } = await open();
      expect(await others.takeOver()).toEqual([]);
      expect(await pending.takeOver()).toEqual([]);
    });

    it('go to one other when their process is dead, oldest first and as they were', async () => {
      const dying = await open();
      const fill = fillOf('z', { query: 'q', headers: { 'x-a': '1' } });
      await dying.pending.record(fill);
      await pending.record(fillOf('mine'));
      await dying.pending.record(fillOf('a'));
      await dying.close();
      const { pending: others } = await open();
      expect(await pending.takeOver()).toEqual([fill, fillOf('a')]);
      expect(await others.takeOver()).toEqual([]);
      expect(await pending.takeOver()).toEqual([]);
      expect(keysOf(await others.all())).toEqual(['z', 'mine', 'a']);
    });

    it('go on to the next one when who took them over dies as well', async () => {
      const [first, second] = [await open(), await open()];
      await first.pending.record(fillOf('a'));
      await first.close();
      expect(keysOf(await second.pending.takeOver())).toEqual(['a']);
      await second.close();
      expect(keysOf(await pending.takeOver())).toEqual(['a']);
    });

    it('belong to who records the key again when their process is dead', async () => {
      const dying = await open();
      await dying.pending.record(fillOf('a', { query: 'first' }));
      await dying.close();
      await pending.record(fillOf('a', { query: 'second' }));
      const { pending: others } = await open();
      expect(await others.takeOver()).toEqual([]);
      expect(await others.all()).toEqual([fillOf('a', { query: 'first' })]);
    });

    it('are each taken over once, however many ask at the same time', async () => {
      const dying = await open();
      const keys = Array.from({ length: 50 }, (_, at) => String(at));
      await Promise.all(keys.map(async (key) => dying.pending.record(fillOf(key))));
      await dying.close();
      const heirs = [pending, (await open()).pending, (await open()).pending];
      const taken = await Promise.all(heirs.map(async (heir) => heir.takeOver()));
      expect(keysOf(taken.flat()).toSorted()).toEqual(keys.toSorted());
    });
  });
}
