import { SpoolContent } from './spool-content.ts';
import { SpoolDisk } from './spool-disk.ts';
import { LargerThanSpool } from './spool-full.ts';
import { SpoolMemory } from './spool-memory.ts';
import { SpooledBody } from './spooled-body.ts';
import type { Spool } from './spool.ts';

/** How much the spools of a space take, beside one chunk in the hands of each reader. */
export interface SpoolUsage {
  readonly spools: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

/** Room for the bodies on their way through this process. */
export interface SpoolSpace {
  /** A new spool; whoever opens it holds it before anybody uses it. */
  open(): Spool;
  /** @throws LargerThanSpool where a body of so many bytes could never be taken. */
  admit(bytes: number): void;
  usage(): SpoolUsage;
  /** Opens no more; resolves when all spools were released and nothing of them is left. */
  close(): Promise<void>;
}

export interface SpoolSettings {
  /** Where bodies go that are too large for memory; made, for this user only, when one comes. */
  readonly directory: string;
  /** What each spool may have in memory; at least 1. A body up to this size never goes to disk. */
  readonly memoryBytes: number;
  /** What all spools together may have in memory beyond that, and one a sixteenth of. */
  readonly sharedMemoryBytes: number;
  /** What all spools together may have on disk. */
  readonly diskBytes: number;
}

/** Space for spools, of which nothing is taken. It touches the disk when a large body comes. */
export function spoolSpace(settings: SpoolSettings): SpoolSpace {
  const { directory, memoryBytes, diskBytes } = settings;
  const shared = new SpoolMemory(settings.sharedMemoryBytes);
  const disk = new SpoolDisk(directory, diskBytes);
  const contents = new Set<SpoolContent>();
  let isClosed = false;
  let onEmpty = (): void => undefined;
  const empty = new Promise<void>((resolve) => {
    onEmpty = resolve;
  });
  const tellIfEmpty = (): void => {
    if (isClosed && contents.size === 0) onEmpty();
  };
  return {
    open() {
      if (isClosed) throw new Error('a spool was wanted of a space that is closed');
      const content = new SpoolContent(disk, memoryBytes, shared);
      contents.add(content);
      return new SpooledBody(content, () => {
        contents.delete(content);
        tellIfEmpty();
      });
    },
    admit(bytes) {
      const most = memoryBytes + shared.mostBytes + diskBytes;
      if (bytes > most) throw new LargerThanSpool(bytes, most);
    },
    usage() {
      let inMemory = 0;
      for (const content of contents) inMemory += content.memoryBytes;
      return { spools: contents.size, memoryBytes: inMemory, diskBytes: disk.usedBytes };
    },
    async close() {
      isClosed = true;
      tellIfEmpty();
      await empty;
    },
  };
}
