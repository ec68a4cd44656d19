import { openSpoolFile, type SpoolFile } from './spool-file.ts';
import { SpoolFull } from './spool-full.ts';

interface Waiter {
  readonly bytes: number;
  readonly grant: () => void;
  readonly refuse: (error: Error) => void;
}

interface Claim {
  heldBytes: number;
  waiter: Waiter | undefined;
}

/**
 * The disk space of all spools. Whoever writes has taken the bytes before. Who first asked for
 * some is served first, each time that it asks for more: so bodies are finished, and their space
 * comes back, rather than that all get a little further.
 *
 * An owner that waits gives nothing back before it was served, so where all that hold some wait for
 * more, none would ever be served: then the last comer of them is refused, and what it gives back
 * goes to the first.
 */
export class SpoolDisk {
  readonly #directory: string;
  readonly #totalBytes: number;
  /** In the order in which they came. */
  readonly #claims = new Map<object, Claim>();
  #usedBytes = 0;
  #files = 0;

  constructor(directory: string, totalBytes: number) {
    this.#directory = directory;
    this.#totalBytes = totalBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** A new file; for the bytes that go there an owner takes space first. @throws SpoolFull. */
  async open(): Promise<SpoolFile> {
    return openSpoolFile(this.#directory, () => {
      this.#files += 1;
      return this.#files;
    });
  }

  /** Takes the space if it is there and nobody waits who came before. */
  tryTake(owner: object, bytes: number): boolean {
    if (this.#usedBytes + bytes > this.#totalBytes) return false;
    for (const [other, { waiter }] of this.#claims) {
      if (other === owner) break;
      if (waiter !== undefined) return false;
    }
    this.#take(this.#claimOf(owner), bytes);
    return true;
  }

  /**
   * Waits for the space; one call at a time of each owner.
   * @throws SpoolFull where waiting would be in vain; what `leave` is given.
   */
  async take(owner: object, bytes: number): Promise<void> {
    const claim = this.#claimOf(owner);
    if (claim.heldBytes + bytes > this.#totalBytes) throw this.#full('it alone needs more');
    if (this.tryTake(owner, bytes)) return;
    await new Promise<void>((grant, refuse) => {
      claim.waiter = { bytes, grant, refuse };
      this.#refuseIfStuck();
    });
  }

  /** Gives back so many bytes of what the owner took. */
  giveBack(owner: object, bytes: number): void {
    this.#claimOf(owner).heldBytes -= bytes;
    this.#usedBytes -= bytes;
    this.#serve();
  }

  /** Whether the owner took or wanted any space. */
  knows(owner: object): boolean {
    return this.#claims.has(owner);
  }

  /** The owner waits no longer. */
  leave(owner: object, error: Error): void {
    const claim = this.#claims.get(owner);
    if (claim !== undefined) refuse(claim, error);
    this.#serve();
  }

  /** Gives back all that the owner took; it has nothing there any more. */
  end(owner: object): void {
    this.#usedBytes -= this.#claims.get(owner)?.heldBytes ?? 0;
    this.#claims.delete(owner);
    this.#serve();
  }

  #claimOf(owner: object): Claim {
    const known = this.#claims.get(owner);
    if (known !== undefined) return known;
    const claim = { heldBytes: 0, waiter: undefined };
    this.#claims.set(owner, claim);
    return claim;
  }

  #take(claim: Claim, bytes: number): void {
    claim.heldBytes += bytes;
    this.#usedBytes += bytes;
  }

  /** Grants in turn what fits. */
  #serve(): void {
    for (const claim of this.#claims.values()) {
      const { waiter } = claim;
      if (waiter === undefined) continue;
      if (this.#usedBytes + waiter.bytes > this.#totalBytes) break;
      claim.waiter = undefined;
      this.#take(claim, waiter.bytes);
      waiter.grant();
    }
    this.#refuseIfStuck();
  }

  #refuseIfStuck(): void {
    const holders = [...this.#claims.values()].filter(({ heldBytes }) => heldBytes > 0);
    if (holders.some(({ waiter }) => waiter === undefined)) return;
    const last = holders.at(-1);
    if (last !== undefined) refuse(last, this.#full('others that have some need more as well'));
  }

  #full(why: string): SpoolFull {
    const what = `no room for a body on its way in the spool directory ${this.#directory}`;
    const limit = `spools may take ${this.#totalBytes} bytes, and ${why}`;
    return new SpoolFull(`${what}: ${limit}; allow them more, or fetch less at once`);
  }
}

function refuse(claim: Claim, error: Error): void {
  const { waiter } = claim;
  claim.waiter = undefined;
  waiter?.refuse(error);
}
