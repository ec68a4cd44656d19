/** Lets one waiter sleep until somebody calls; a call that came first is not lost. */
export class WakeUp {
  #called = false;
  #wake: (() => void) | undefined;

  call(): void {
    this.#called = true;
    this.#wake?.();
  }

  async wait(): Promise<void> {
    if (!this.#called) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#called = false;
    this.#wake = undefined;
  }
}
