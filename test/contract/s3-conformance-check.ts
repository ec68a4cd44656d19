import { createHash } from 'node:crypto';
import type { ConformanceClient, RawAnswer } from './s3-conformance-client.ts';

/** One thing that a store does or does not. */
export interface ConformanceCheck {
  /** A sentence of behaviour, unique. */
  readonly name: string;
  /** What S3 answers: `200`, `412 PreconditionFailed`, or words. The double answers the same. */
  readonly s3: string;
  /** What this store answers. */
  readonly verdict: (client: ConformanceClient) => Promise<string>;
}

/** A check whose verdict is that of one request. */
export function answers(
  name: string,
  s3: string,
  ask: (client: ConformanceClient) => Promise<RawAnswer>,
): ConformanceCheck {
  return { name, s3, verdict: async (client) => (await ask(client)).verdict };
}

/** The MD5 of some bytes. */
export function md5(bytes: string | Uint8Array, encoding: 'hex' | 'base64'): string {
  return createHash('md5').update(bytes).digest(encoding);
}

/** Puts an object that a check starts from. @throws Error unless it is stored */
export async function given(
  client: ConformanceClient,
  key: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const answer = await client.ask({ method: 'PUT', key, body, headers });
  if (answer.status !== 200) throw new Error(`PUT ${key}: ${answer.verdict}`);
}

/** The texts of all elements of that name in a document, entities decoded. */
export function elements(document: string, name: string): string[] {
  const pattern = new RegExp(`<${name}>([^<]*)</${name}>`, 'g');
  return [...document.matchAll(pattern)].map((match) => decodeEntities(match[1] ?? ''));
}

function decodeEntities(text: string): string {
  return text
    .replace(/&#x([0-9a-f]+);/gi, (_, hex: string) =>
      String.fromCodePoint(Number.parseInt(hex, 16)),
    )
    .replace(/&#(\d+);/g, (_, decimal: string) => String.fromCodePoint(Number(decimal)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}
