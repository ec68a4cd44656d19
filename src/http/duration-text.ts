/** A duration as the rules file writes it: `250ms`, `10s`, `1.5s`. */
export function durationText(ms: number): string {
  return ms < 1000 ? `${String(ms)}ms` : `${String(ms / 1000)}s`;
}
