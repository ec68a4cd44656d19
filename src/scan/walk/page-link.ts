import type { PassedReason } from '../../model/walk.ts';

/** What an index tells of an entry beside its name; only what is exact. */
export interface ListedFacts {
  /** Bytes. */
  readonly size?: number | undefined;
  readonly lastModifiedMs?: number | undefined;
  readonly resolutionMs?: number | undefined;
}

/** One link of an HTML page, or one entry of another index, as it stands there. */
export type PageLink =
  | { readonly kind: 'href'; readonly href: string; readonly facts: ListedFacts }
  | {
      readonly kind: 'name';
      readonly name: string;
      readonly isFolder: boolean;
      readonly facts: ListedFacts;
    }
  | { readonly kind: 'passed'; readonly reason: PassedReason; readonly text: string };

export type OnLink = (link: PageLink) => void;

/** Reads one index as it comes; links are told in the order in which they stand. */
export interface PageReader {
  /** @throws NoIndex as soon as it is clear. */
  write(chunk: Uint8Array): void;
  /**
   * @returns whether the index itself says that it ends here.
   * @throws NoIndex where what came is no index, or only the beginning of one.
   */
  end(): boolean;
}

/** What is wrong with an answer that ought to be an index; ends a sentence. */
export class NoIndex extends Error {
  override readonly name = 'NoIndex';
}

/** Nothing but a name is known. */
export const NO_FACTS: ListedFacts = {};
