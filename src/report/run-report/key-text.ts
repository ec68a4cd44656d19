import type { StoredResult } from '../../model/checkpoint.ts';

/** A key for people: its bytes in base64 where they are no text. */
export function keyText(result: StoredResult): string {
  return 'key' in result ? result.key : `base64:${result.keyBase64}`;
}
