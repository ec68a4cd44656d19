import { endToEnd } from '../http/end-to-end.ts';
import type { RefusedAnswer } from '../model/failure.ts';
import type { Headers } from '../model/ports.ts';
import type { Mask } from './mask-secrets.ts';

/**
 * A store's refusal as it may be handed on: stores echo what they were sent, keys and signatures
 * included, so these are taken out. Bytes that are no text come through as they are.
 */
export function maskedAnswer(headers: Headers, body: Uint8Array, mask: Mask): RefusedAnswer {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
  const masked = mask(text);
  const isMasked = masked !== text;
  const kept: Headers = Object.fromEntries(
    Object.entries(endToEnd(headers))
      .filter(([name]) => !isMasked || name !== 'content-length')
      .map(([name, value]) => [name, mask(value)]),
  );
  return { headers: kept, body: isMasked ? Buffer.from(masked, 'latin1') : body };
}
