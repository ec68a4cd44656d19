/**
 * Keeps those who put names into folders and those who remove empty folders out of each other's way,
 * within one process. A folder is held from before it is made until a name is in it; holding one
 * waits for the removal that is under way, and no removal begins of a folder that is held, or of one
 * that it lies in. Removals come one after another.
 */
export class HeldFolders {
  readonly #held = new Map<string, number>();
  #removing: Promise<void> = Promise.resolve();
  #removals = 0;

  /** Runs `work` while nobody removes `folder`, or one that it lies in. */
  async holding<T>(folder: string, work: () => Promise<T>): Promise<T> {
    this.#held.set(folder, (this.#held.get(folder) ?? 0) + 1);
    try {
      // Nearly always there are none.
      if (this.#removals > 0) await this.#removing;
      return await work();
    } finally {
      const left = (this.#held.get(folder) ?? 0) - 1;
      if (left > 0) this.#held.set(folder, left);
      else this.#held.delete(folder);
    }
  }

  /**
   * Runs `remove`, which removes `folder`, unless somebody holds it when its turn comes.
   * @returns whether it was removed, as `remove` says.
   */
  async removing(folder: string, remove: () => Promise<boolean>): Promise<boolean> {
    this.#removals += 1;
    const turn = this.#removing.then(async () => (this.#isHeld(folder) ? false : remove()));
    this.#removing = turn.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await turn;
    } finally {
      this.#removals -= 1;
    }
  }

  #isHeld(folder: string): boolean {
    for (const held of this.#held.keys()) {
      if (held === folder || held.startsWith(`${folder}/`)) return true;
    }
    return false;
  }
}
