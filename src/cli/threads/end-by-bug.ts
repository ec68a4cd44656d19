/** What nobody expects is a bug: it ends the thread, and whoever started that hears of it. */
export function endByBug(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
