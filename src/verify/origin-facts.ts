import { Failure } from '../model/failure.ts';
import type { OriginHead } from '../model/origin.ts';
import { type Comparison, type Pair, questionFor } from './comparison.ts';
import type { NamedVersion } from './compare-versions.ts';

/** What an origin says of an object without giving its body. */
export interface OriginFacts extends NamedVersion {
  /** Bytes. */
  readonly size: number | undefined;
  /** The address that said so. */
  readonly origin: string;
}

const REQUEST_TIMEOUT = 408;
const TOO_MANY_REQUESTS = 429;
const NOT_IMPLEMENTED = 501;

/**
 * Asks the origin about an object: by HEAD, and by a GET whose body is left where HEAD is refused,
 * says less, or says that there is nothing, which a GET may know better.
 * @returns undefined where the origin has no such object.
 * @throws Failure as `Origin.read`.
 */
export async function originFacts(
  comparison: Comparison,
  pair: Pair,
  signal: AbortSignal,
): Promise<OriginFacts | undefined> {
  const { refusesHead } = comparison;
  const rule = pair.rule.id;
  if (!refusesHead.has(rule)) {
    try {
      const facts = await ask(comparison, pair, 'HEAD', signal);
      if (facts.size !== undefined) return facts;
    } catch (error) {
      if (!(error instanceof Failure) || !mayKnowBetter(error)) throw error;
      if (error.code === 'ORIGIN_STATUS') return askOnlyByGet(comparison, pair, signal);
    }
  }
  return askByGet(comparison, pair, signal);
}

/** A GET that succeeds where HEAD does not tells that HEAD is of no use for the rule. */
async function askOnlyByGet(
  comparison: Comparison,
  pair: Pair,
  signal: AbortSignal,
): Promise<OriginFacts | undefined> {
  const facts = await askByGet(comparison, pair, signal);
  if (facts !== undefined) comparison.refusesHead.add(pair.rule.id);
  return facts;
}

async function askByGet(
  comparison: Comparison,
  pair: Pair,
  signal: AbortSignal,
): Promise<OriginFacts | undefined> {
  try {
    return await ask(comparison, pair, 'GET', signal);
  } catch (error) {
    if (error instanceof Failure && error.code === 'ORIGIN_NOT_FOUND') return undefined;
    throw error;
  }
}

async function ask(
  comparison: Comparison,
  pair: Pair,
  method: 'GET' | 'HEAD',
  signal: AbortSignal,
): Promise<OriginFacts> {
  const { source, request } = await questionFor(comparison, pair, method);
  // What a reader leaves of a body is cut off.
  return source.origin.read(request, ({ head }) => Promise.resolve(factsOf(head)), signal);
}

function factsOf({ origin, length, headers, md5 }: OriginHead): OriginFacts {
  const lastModifiedMs = Date.parse(headers['last-modified'] ?? '');
  return {
    origin,
    size: length,
    etag: headers['etag'],
    md5,
    lastModifiedMs: Number.isNaN(lastModifiedMs) ? undefined : lastModifiedMs,
  };
}

/** Whether a GET may be answered though HEAD was refused so. */
function mayKnowBetter({ code, status = 0 }: Failure): boolean {
  if (code === 'ORIGIN_NOT_FOUND') return true;
  if (code !== 'ORIGIN_STATUS' || status === REQUEST_TIMEOUT || status === TOO_MANY_REQUESTS) {
    return false;
  }
  return status === NOT_IMPLEMENTED || (status >= 400 && status < 500);
}
