import { describe, expect, it } from 'vitest';

import { listPages } from '../../src/s3/list-objects.ts';
import type { S3ListedObject } from '../../src/s3/listed-object.ts';
import type { S3Store } from '../../src/s3/s3-store.ts';
import { S3Error } from '../../src/s3/s3-error.ts';

const { signal } = new AbortController();

interface Asked {
  readonly token: string;
  readonly signal: AbortSignal;
}

/**
 * A store with so many pages of one key each, which answers at once, but for what `hold` says.
 */
function pagedStore(
  pages: number,
  hold: (page: number) => Promise<void> | undefined = () => undefined,
) {
  const asked: Asked[] = [];
  const store: Pick<S3Store, 'send'> = {
    send: async (request, reader, ending) => {
      const token = request.query.find(([name]) => name === 'continuation-token')?.[1] ?? '1';
      asked.push({ token, signal: ending });
      const page = Number(token);
      await hold(page);
      const more =
        page < pages
          ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${page + 1}</NextContinuationToken>`
          : '<KeyCount>1</KeyCount><IsTruncated>false</IsTruncated>';
      const contents = `<Contents><Key>k${page}</Key><LastModified>2026-11-20T04:00:00.000Z</LastModified><Size>1</Size></Contents>`;
      const bytes = Buffer.from(`<ListBucketResult>${more}${contents}</ListBucketResult>`);
      return reader({
        status: 200,
        headers: {},
        setCookies: [],
        length: bytes.length,
        framing: 'length',
        attempts: 1,
        bytes: () => Promise.resolve(bytes),
        pipeTo: async (sink) => {
          await sink(bytes);
          return bytes.length;
        },
      });
    },
  };
  return { store, asked, tokens: () => asked.map(({ token }) => token) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const ALL = { prefix: '', after: '' };

/** Takes so many pages, and leaves. */
async function take(
  pages: AsyncGenerator<readonly S3ListedObject[], void, undefined>,
  count: number,
) {
  const keys: string[] = [];
  for (let page = 1; page <= count; page += 1) {
    const { value } = await pages.next();
    if (value !== undefined) keys.push(...value.map(({ key }) => key));
  }
  await turn();
  return keys;
}

describe('a listing', () => {
  it('asks for one page ahead, from the third on', async () => {
    const { store, tokens } = pagedStore(9);
    const pages = listPages(store, ALL, signal);
    expect(await take(pages, 1)).toEqual(['k1']);
    expect(tokens()).toEqual(['1']);
    expect(await take(pages, 1)).toEqual(['k2']);
    expect(tokens()).toEqual(['1', '2']);
    expect(await take(pages, 1)).toEqual(['k3']);
    expect(tokens()).toEqual(['1', '2', '3', '4']);
    expect(await take(pages, 1)).toEqual(['k4']);
    expect(tokens()).toEqual(['1', '2', '3', '4', '5']);
    await pages.return();
  });

  it('asks for nothing beyond the last page, nor beyond those that are going to be taken', async () => {
    const whole = pagedStore(4);
    const keys = await take(listPages(whole.store, ALL, signal), 5);
    expect(keys).toEqual(['k1', 'k2', 'k3', 'k4']);
    expect(whole.tokens()).toEqual(['1', '2', '3', '4']);

    const some = pagedStore(9);
    const pages = listPages(some.store, { ...ALL, pages: 4 }, signal);
    await take(pages, 4);
    await pages.return();
    expect(some.tokens()).toEqual(['1', '2', '3', '4']);
  });

  it('tells what went wrong with the page ahead when its turn comes', async () => {
    const refusal = new S3Error({
      code: 'AccessDenied',
      status: 403,
      said: '',
      requestId: undefined,
      retryAfterMs: undefined,
      region: undefined,
      attempts: 3,
    });
    const { store } = pagedStore(9, (page) => (page === 4 ? Promise.reject(refusal) : undefined));
    const pages = listPages(store, ALL, signal);
    expect(await take(pages, 3)).toEqual(['k1', 'k2', 'k3']);
    await turn();
    await expect(pages.next()).rejects.toBe(refusal);
  });

  it('gives out the last good page before it says that the next one is nowhere', async () => {
    const { store } = pagedStore(9);
    const broken: Pick<S3Store, 'send'> = {
      send: (request, reader, ending) =>
        store.send(
          request,
          (response) =>
            reader({
              ...response,
              pipeTo: (sink) =>
                response.pipeTo((chunk) =>
                  sink(
                    Buffer.from(
                      Buffer.from(chunk).toString().replace('<NextContinuationToken>4', '<X>4'),
                    ),
                  ),
                ),
            }),
          ending,
        ),
    };
    const fixed: Pick<S3Store, 'send'> = {
      send: (request, reader, ending) =>
        broken.send(
          request,
          (response) =>
            reader({
              ...response,
              pipeTo: (sink) =>
                response.pipeTo((chunk) =>
                  sink(
                    Buffer.from(
                      Buffer.from(chunk)
                        .toString()
                        .replace('<X>4</NextContinuationToken>', '<KeyCount>1</KeyCount>'),
                    ),
                  ),
                ),
            }),
          ending,
        ),
    };
    const pages = listPages(fixed, ALL, signal);
    expect(await take(pages, 3)).toEqual(['k1', 'k2', 'k3']);
    await expect(pages.next()).rejects.toThrow(/token for its next page is missing/);
  });

  it('that is left early leaves no request behind', async () => {
    const { store, asked } = pagedStore(9, (page) => {
      if (page !== 4) return undefined;
      return new Promise((_resolve, reject) => {
        setImmediate(() => {
          asked.at(-1)?.signal.addEventListener('abort', () => {
            reject(new Error('stopped'));
          });
        });
      });
    });
    const pages = listPages(store, ALL, signal);
    await take(pages, 3);
    expect(asked.at(-1)).toMatchObject({ token: '4', signal: { aborted: false } });
    await pages.return();
    expect(asked.at(-1)?.signal.aborted).toBe(true);
  });

  it('ends with the reason of its signal, whatever is on its way', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped by the test');
    const { store, asked } = pagedStore(9, (page) => {
      if (page !== 4) return undefined;
      return new Promise((_resolve, reject) => {
        setImmediate(() => {
          const { signal: ending } = asked.at(-1) ?? {};
          ending?.addEventListener('abort', () => {
            reject(ending.reason as Error);
          });
        });
      });
    });
    const pages = listPages(store, ALL, stop.signal);
    await take(pages, 3);
    stop.abort(reason);
    await expect(pages.next()).rejects.toBe(reason);
  });
});
