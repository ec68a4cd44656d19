import type { ByteRange } from '../model/byte-range.ts';
import { Failure } from '../model/failure.ts';
import type { OriginHead, OriginRequest } from '../model/origin.ts';
import type { Headers } from '../model/ports.ts';
import { readOn } from '../plan/read-on.ts';
import type { RuleSource } from '../transfer/rule-source.ts';
import { contentRange } from './client/content-range.ts';
import { BrokenOff } from './send-error.ts';
import { headOf } from './send-object.ts';
import type { Exchange } from './serving.ts';

/** What a fetch brings soon enough to wait for it, in bytes. */
const NEAR_BYTES = 1024 * 1024;

/** What the fetch asks for, and where. */
interface Fetched {
  readonly source: RuleSource;
  readonly originRequest: OriginRequest;
}

/** Whether a range begins far behind what came of a body so far. */
export function isFarAhead(part: ByteRange, receivedBytes: number): boolean {
  return part.first - receivedBytes > NEAR_BYTES;
}

/**
 * Answers a range that a fetch has far to go to by a request of its own, held to the fetch's address
 * and version.
 * @param head of the fetch
 * @param headers of the object, for the client
 * @returns false, with nothing sent, where the origin does not give just that
 * @throws where something was sent: the answer can't be finished
 */
export async function serveAhead(
  { client }: Exchange,
  { source, originRequest }: Fetched,
  head: OriginHead,
  part: ByteRange,
  headers: Headers,
): Promise<boolean> {
  const pinned = readOn(head, part.first);
  if (pinned === undefined) return false;
  const range = `bytes=${part.first}-${part.last}`;
  const begun = () => ({ origin: head.origin, bytes: part.first });
  try {
    return await source.origin.read(
      { ...originRequest, range, begun },
      async (answer) => {
        if (!isThatPart(answer.head, head, contentRange(part, pinned.total))) return false;
        headOf(client, headers, part, pinned.total);
        await answer.pipeTo(client.write).catch((error: unknown) => {
          // No second try may add to what the client has.
          throw client.begun ? new BrokenOff('the range broke off', { cause: error }) : error;
        });
        client.end();
        return true;
      },
      client.gone,
    );
  } catch (error) {
    if (client.begun || client.gone.aborted || !(error instanceof Failure)) throw error;
    return false;
  }
}

/** The answer is just that range, of the version that the fetch began with. */
function isThatPart(head: OriginHead, fetched: OriginHead, range: string): boolean {
  if (head.status !== 206 || head.origin !== fetched.origin || head.url !== fetched.url) {
    return false;
  }
  const alike = ['etag', 'content-encoding'];
  return (
    head.headers['content-range'] === range &&
    alike.every((name) => head.headers[name] === fetched.headers[name])
  );
}
