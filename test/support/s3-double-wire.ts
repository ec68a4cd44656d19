import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { emptyAnswer, type DoubleAnswer } from './s3-double-answer.ts';
import type { DoubleEngine } from './s3-double-engine.ts';
import { S3Refusal } from './s3-double-error.ts';
import type { FaultAction, FaultPlan } from './s3-double-faults.ts';
import { flatHeaders, type Operation } from './s3-double-request.ts';
import { xmlDocument } from './s3-double-xml.ts';

/** A request as it came. */
export interface LoggedRequest {
  readonly method: string;
  /** As in the request line. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for what the double has no operation for; so are the next two. */
  operation: Operation | undefined;
  bucket: string | undefined;
  key: string | undefined;
  /** Bytes of the body that arrived. */
  bodyBytes: number;
  /** Undefined while there is no answer, or where it was lost. */
  status: number | undefined;
}

/** How a connection ends that gets no answer. */
type Broken = 'reset' | 'silent';

/** Reads a request, lets the engine do it, and answers, with what is scripted to go wrong. */
export async function serveRequest(
  engine: DoubleEngine,
  plan: FaultPlan,
  log: LoggedRequest[],
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const logged: LoggedRequest = {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: flatHeaders(incoming.headers),
    operation: undefined,
    bucket: undefined,
    key: undefined,
    bodyBytes: 0,
    status: undefined,
  };
  log.push(logged);
  const body = await readBody(incoming, response, logged);
  let fault: FaultAction | undefined;
  let answer: DoubleAnswer | Broken;
  try {
    const request = engine.address(logged.method, logged.path, logged.headers);
    const { operation, bucket, key } = request;
    Object.assign(logged, { operation, bucket, key });
    fault = plan.strike(request);
    answer =
      (await instead(fault, logged.path)) ??
      afterwards(fault, await engine.perform(request, body, faultyListing(fault)));
  } catch (error) {
    if (!(error instanceof S3Refusal)) throw error;
    answer = errorAnswer(error, logged.path);
  }
  if (answer === 'reset') incoming.socket.resetAndDestroy();
  else if (answer !== 'silent') send(engine.nowMs(), logged, response, answer, fault);
}

async function readBody(
  incoming: IncomingMessage,
  response: ServerResponse,
  logged: LoggedRequest,
): Promise<Buffer> {
  if (incoming.headers.expect !== undefined) response.writeContinue();
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    logged.bodyBytes += chunk.length;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const faultyListing = (fault: FaultAction | undefined): Parameters<DoubleEngine['perform']>[2] =>
  fault?.kind === 'listing' ? fault.how : undefined;

function scriptedRefusal(fault: Extract<FaultAction, { kind: 'refuse' }>): S3Refusal {
  const headers: Record<string, string> =
    fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
  return new S3Refusal(fault.status, fault.code, fault.message ?? 'Scripted.', {}, headers);
}

/** What a fault does instead of what was asked. @throws S3Refusal */
async function instead(
  fault: FaultAction | undefined,
  path: string,
): Promise<DoubleAnswer | Broken | undefined> {
  if (fault?.kind === 'reset') return 'reset';
  if (fault?.kind === 'hang') return 'silent';
  if (fault?.kind === 'delay') await sleep(fault.delayMs, undefined, { ref: false });
  if (fault?.kind === 'refuse' && fault.afterWrite !== true) throw scriptedRefusal(fault);
  return scriptedDocument(fault, path);
}

function scriptedDocument(fault: FaultAction | undefined, path: string): DoubleAnswer | undefined {
  if (fault?.kind === 'document') {
    return { ...emptyAnswer(200), body: Buffer.from(fault.text) };
  }
  if (fault?.kind !== 'errorInBody') return undefined;
  return errorAnswer(new S3Refusal(200, fault.code, 'Scripted.'), path);
}

/** What a fault makes of the right answer. @throws S3Refusal */
function afterwards(fault: FaultAction | undefined, answer: DoubleAnswer): DoubleAnswer | Broken {
  if (fault?.kind === 'loseAnswer') return 'reset';
  if (fault?.kind === 'refuse') throw scriptedRefusal(fault);
  if (fault?.kind === 'flipBit') return { ...answer, body: flipped(answer.body) };
  if (fault?.kind === 'etag') return withEtag(answer, fault.etag);
  return withOtherHead(fault, answer);
}

function withOtherHead(fault: FaultAction | undefined, answer: DoubleAnswer): DoubleAnswer {
  if (fault?.kind === 'status') return { ...answer, status: fault.status };
  if (fault?.kind === 'header') {
    return { ...answer, headers: { ...answer.headers, [fault.name]: fault.value } };
  }
  if (fault?.kind !== 'withoutHeader') return answer;
  return { ...answer, headers: without(answer.headers, fault.name) };
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const middle = copy.length >> 1;
  const byte = copy[middle];
  if (byte !== undefined) copy[middle] = byte ^ 1;
  return copy;
}

/** The ETag is a header, or an element of CompleteMultipartUpload's document. */
function withEtag(answer: DoubleAnswer, etag: string): DoubleAnswer {
  if (answer.headers['etag'] !== undefined) {
    return { ...answer, headers: { ...answer.headers, etag } };
  }
  const text = answer.body.toString('utf8').replace(/<ETag>[^<]*</, () => `<ETag>${etag}<`);
  return { ...answer, body: Buffer.from(text) };
}

const without = (headers: DoubleAnswer['headers'], name: string): DoubleAnswer['headers'] =>
  Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name));

function errorAnswer(refusal: S3Refusal, path: string): DoubleAnswer {
  const document = xmlDocument(
    'Error',
    [
      ['Code', refusal.code],
      ['Message', refusal.message],
      ...Object.entries(refusal.fields),
      ['Resource', path.replace(/\?.*/s, '')],
      ['RequestId', 'DOUBLE'],
      ['HostId', 'double'],
    ],
    false,
  );
  return {
    status: refusal.status,
    headers: { 'content-type': 'application/xml', ...refusal.headers },
    body: Buffer.from(refusal.code === '' ? '' : document),
  };
}

function send(
  nowMs: number,
  logged: LoggedRequest,
  response: ServerResponse,
  answer: DoubleAnswer,
  fault: FaultAction | undefined,
): void {
  logged.status = answer.status;
  const bodiless = answer.status === 204 || answer.status === 304;
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(!bodiless && lengthField(answer, fault)),
    server: 'S3Double',
    date: new Date(nowMs).toUTCString(),
    'x-amz-request-id': 'DOUBLE',
  });
  if (bodiless || logged.method === 'HEAD') response.end();
  else if (fault?.kind === 'cutBody' || fault?.kind === 'declaredLength') {
    const end =
      fault.kind === 'cutBody' ? fault.afterBytes : Math.min(fault.bytes, answer.body.length);
    response.write(answer.body.subarray(0, end), () => response.socket?.end());
  } else response.end(answer.body);
}

function lengthField(
  answer: DoubleAnswer,
  fault: FaultAction | undefined,
): Readonly<Record<string, string>> {
  if (fault?.kind === 'withoutHeader' && fault.name === 'content-length') return {};
  const bytes = fault?.kind === 'declaredLength' ? fault.bytes : answer.body.length;
  return { 'content-length': String(bytes) };
}
