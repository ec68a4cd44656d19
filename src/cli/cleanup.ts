/**
 * What has to be closed when a command is done, however it ends. The last thing opened is closed
 * first; what goes wrong meanwhile never hides what went wrong before.
 */
export class Cleanup {
  readonly #closers: (() => Promise<void>)[] = [];

  add(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  /** Runs `action` and closes. @throws what the action throws, else the first failure to close. */
  async around<T>(action: () => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await action();
    } catch (error) {
      await this.#close();
      throw error;
    }
    const failures = await this.#close();
    if (failures.length > 0) throw failures[0];
    return result;
  }

  async #close(): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (const close of this.#closers.reverse()) {
      await close().catch((error: unknown) => failures.push(error));
    }
    return failures;
  }
}
