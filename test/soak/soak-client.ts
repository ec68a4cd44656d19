import { Agent } from 'node:http';
import { type Answer, answerOf, begin } from '../support/ask.ts';
import { judgeAnswer, type Question } from './judge-answer.ts';
import type { SoakObjects } from './soak-objects.ts';

/** What all clients came to. */
export interface LoadTally {
  requests: number;
  /** Connections that could not be made, or broke before an answer. */
  unanswered: number;
  /** Answers that broke off. */
  cut: number;
  /** Clients that left before their answer's end. */
  left: number;
  bytes: number;
  /** By status and mark. */
  readonly answers: Map<string, number>;
  readonly wrong: string[];
  /** Keys whose fetch somebody was promised. */
  readonly promised: Set<string>;
}

export interface ClientSettings {
  readonly objects: SoakObjects;
  readonly chance: () => number;
  readonly tally: LoadTally;
  /** Where the proxy answers now. */
  readonly url: () => string | undefined;
  /** Aborts when it is to come no more. */
  readonly over: AbortSignal;
}

/** Between one request and the next, at most. */
const THINK_MS = 50;
/** Nobody is there to ask. */
const AWAY_MS = 25;
/** A slow reader pauses for so long after its head. */
const SLOW_MS = 1500;
/** Of all keys these are asked for half of the time. */
const HOT = 60;
/** ETags that a client remembers. */
const MOST_KNOWN = 500;

type Way = 'reads' | 'leaves' | 'reads late';

/** One client on one kept connection: asks for this and that, and judges what it gets. */
export async function runClient(settings: ClientSettings): Promise<void> {
  const { chance, over, url } = settings;
  const known = new Map<string, string>();
  let agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!over.aborted) {
    const base = url();
    if (base === undefined) {
      await pause(AWAY_MS);
      continue;
    }
    const question = questionOf(settings, known);
    const dice = chance();
    const way = dice < 0.06 ? 'leaves' : dice < 0.1 ? 'reads late' : 'reads';
    const answer = await askOne(settings, base, agent, question, way);
    if (answer === undefined) {
      agent.destroy();
      agent = new Agent({ keepAlive: true, maxSockets: 1 });
      await pause(AWAY_MS);
    } else {
      tellAnswer(settings, question, answer, known);
    }
    await pause(chance() * THINK_MS);
  }
  agent.destroy();
}

/** @returns undefined where there was no answer, or the client did not wait for it */
async function askOne(
  { tally, chance }: ClientSettings,
  base: string,
  agent: Agent,
  { key, method, headers }: Question,
  way: Way,
): Promise<Answer | undefined> {
  tally.requests += 1;
  try {
    const asking = begin(base, `/${key}`, { method, headers, agent });
    if (way === 'leaves') {
      tally.left += 1;
      setTimeout(asking.leave, chance() * 100);
    }
    const message = await asking.head;
    if (way === 'reads late') await pause(SLOW_MS);
    const answer = await answerOf(message);
    return way === 'leaves' && answer.cut ? undefined : answer;
  } catch {
    if (way !== 'leaves') tally.unanswered += 1;
    return undefined;
  }
}

function tellAnswer(
  { objects, tally }: ClientSettings,
  question: Question,
  answer: Answer,
  known: Map<string, string>,
): void {
  const { status, headers, body, cut } = answer;
  const { key, method } = question;
  const kind = `${status} ${headers['x-bucketfill'] ?? '-'}`;
  tally.answers.set(kind, (tally.answers.get(kind) ?? 0) + 1);
  tally.bytes += body.length;
  if (cut) tally.cut += 1;
  if (status === 302 && method === 'GET') tally.promised.add(key);
  const why = judgeAnswer(objects, question, answer);
  if (why !== undefined) tally.wrong.push(why);
  if (headers['etag'] === undefined || known.size > MOST_KNOWN) return;
  known.set(key, headers['etag']);
}

function questionOf({ objects, chance }: ClientSettings, known: Map<string, string>): Question {
  const { keys } = objects;
  const isHot = chance() < 0.5;
  const at = Math.floor(chance() * (isHot ? HOT : keys.length));
  // The hot ones are spread over all ways.
  const key = keys[isHot ? Math.floor((at * keys.length) / HOT) : at] ?? '';
  const etag = known.get(key);
  const dice = chance();
  if (dice < 0.1) return { key, method: 'HEAD', headers: {} };
  if (dice < 0.28) return { key, method: 'GET', headers: { range: rangeOf(chance) } };
  if (dice < 0.34) return { key, method: 'GET', headers: { 'if-match': etag ?? '"another"' } };
  if (etag === undefined || dice > 0.5) return { key, method: 'GET', headers: {} };
  if (dice < 0.44) return { key, method: 'GET', headers: { 'if-none-match': etag } };
  return { key, method: 'GET', headers: { range: rangeOf(chance), 'if-range': etag } };
}

function rangeOf(chance: () => number): string {
  const first = Math.floor(chance() ** 6 * 24 * 1024 ** 2);
  const length = 1 + Math.floor(chance() * 100_000);
  const dice = chance();
  if (dice < 0.2) return `bytes=-${length}`;
  return dice < 0.4 ? `bytes=${first}-` : `bytes=${first}-${first + length}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
