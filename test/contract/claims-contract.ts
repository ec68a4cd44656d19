import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Claims } from '../../src/model/claims.ts';
import { objectKey } from '../../src/model/object-key.ts';

/** One process's end of a store; once closed, what it claimed is free. */
export interface ClaimsEnd {
  readonly claims: Claims;
  close(): Promise<void>;
}

/** A store in which nothing is claimed. */
export interface ClaimsPlace {
  open(now: () => number): Promise<ClaimsEnd>;
  remove(): Promise<void>;
}

/** What every Claims does, whatever it is made of. */
export function claimsContract(name: string, place: () => Promise<ClaimsPlace>): void {
  describe(`claims (${name})`, () => {
    let store: ClaimsPlace;
    let ends: ClaimsEnd[];
    let nowMs: number;
    const open = async (): Promise<ClaimsEnd> => {
      const end = await store.open(() => nowMs);
      ends.push(end);
      return end;
    };
    beforeEach(async () => {
      store = await place();
      ends = [];
      nowMs = 1000;
    });
    afterEach(async () => {
      await Promise.all(ends.map(async (end) => end.close()));
      await store.remove();
    });

    const a = objectKey('video/a.mp4');
    const b = objectKey('video/b.mp4');

    it('are granted to the first, who is named to the others with the time', async () => {
      const [{ claims: serve }, { claims: migrate }] = [await open(), await open()];
      expect(await serve.claim(a, 'serve, process 1')).toBe('granted');
      nowMs = 2000;
      const heldBy = { owner: 'serve, process 1', sinceMs: 1000 };
      expect(await migrate.claim(a, 'migrate')).toEqual({ heldBy });
      expect(await migrate.claim(b, 'migrate')).toBe('granted');
    });

    it('are granted again to who holds them, and to no other owner of that process', async () => {
      const { claims } = await open();
      await claims.claim(a, 'one');
      nowMs = 2000;
      expect(await claims.claim(a, 'one')).toBe('granted');
      expect(await claims.claim(a, 'two')).toEqual({ heldBy: { owner: 'one', sinceMs: 1000 } });
    });

    it('tell owners of one name in two processes apart', async () => {
      const [{ claims }, { claims: others }] = [await open(), await open()];
      await claims.claim(a, 'migrate');
      expect(await others.claim(a, 'migrate')).toMatchObject({ heldBy: { owner: 'migrate' } });
      await others.release(a, 'migrate');
      expect(await others.claim(a, 'migrate')).toMatchObject({ heldBy: { owner: 'migrate' } });
    });

    it('are free once they are released by who holds them, and by nobody else', async () => {
      const [{ claims }, { claims: others }] = [await open(), await open()];
      await claims.claim(a, 'one');
      await claims.release(a, 'two');
      await claims.release(b, 'one');
      expect(await others.claim(a, 'three')).toMatchObject({ heldBy: { owner: 'one' } });
      await claims.release(a, 'one');
      expect(await others.claim(a, 'three')).toBe('granted');
    });

    it('are free as soon as their process has ended', async () => {
      const [dying, { claims }] = [await open(), await open()];
      await dying.claims.claim(a, 'one');
      await dying.close();
      expect(await claims.claim(a, 'two')).toBe('granted');
    });

    it('outlast any time that their owner takes, and any clock', async () => {
      const [{ claims }, { claims: others }] = [await open(), await open()];
      await claims.claim(a, 'one');
      for (nowMs of [0, 400 * 86_400_000]) {
        expect(await others.claim(a, 'two')).toEqual({ heldBy: { owner: 'one', sinceMs: 1000 } });
      }
    });

    it('of other processes are told to who asks, one key or all, without claiming any', async () => {
      const [serve, { claims: migrate }] = [await open(), await open()];
      expect(await migrate.held(a)).toBeUndefined();
      expect(await migrate.heldByOthers()).toEqual(new Map());
      await serve.claims.claim(a, 'serve');
      nowMs = 2000;
      await serve.claims.claim(b, 'serve');
      const [of1, of2] = [1000, 2000].map((sinceMs) => ({ owner: 'serve', sinceMs }));
      expect(await migrate.held(a)).toEqual(of1);
      expect([...(await migrate.heldByOthers())]).toEqual([
        [a, of1],
        [b, of2],
      ]);
      expect([await serve.claims.held(a), await serve.claims.heldByOthers()]).toEqual([
        undefined,
        new Map(),
      ]);
      await serve.claims.release(a, 'serve');
      expect(await migrate.held(a)).toBeUndefined();
      await serve.close();
      expect(await migrate.held(b)).toBeUndefined();
      expect(await migrate.heldByOthers()).toEqual(new Map());
    });

    it('are granted to one of many who ask at the same time', async () => {
      const claimants = [await open(), await open(), await open()];
      const answers = await Promise.all(
        Array.from({ length: 30 }, async (_, at) => {
          const { claims } = claimants[at % claimants.length] ?? expect.fail();
          return claims.claim(a, `owner ${at}`);
        }),
      );
      expect(answers.filter((answer) => answer === 'granted')).toHaveLength(1);
    });
  });
}
