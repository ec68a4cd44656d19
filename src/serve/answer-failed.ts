import type { Failure } from '../model/failure.ts';
import type { Headers } from '../model/ports.ts';
import type { Rule } from '../model/rule.ts';
import { answerFailure } from '../plan/answer-failure.ts';
import { headersSet, markHeader } from './object-headers.ts';
import { passedAnswerHeaders } from './passed-answer-headers.ts';
import { sendError } from './send-error.ts';
import type { Exchange } from './serving.ts';

/** What is left to do for who was not answered here. */
export type AfterFailure = 'answered' | 'redirect' | 'nextRule';

const MESSAGES = {
  NoSuchKey: 'the object is neither in the bucket nor at its origins',
  MirrorFailed: 'the object is not in the bucket, and no origin could be got to give it',
  SlowDown: 'the bucket can not be asked now; try again later',
} as const;

/** Answers a client whose object no origin gave, as far as that is an answer. */
export function answerFailed(exchange: Exchange, rule: Rule, failure: Failure): AfterFailure {
  exchange.failure = failure;
  const { client, request } = exchange;
  if (client.begun) {
    client.break();
    return 'answered';
  }
  const told = answerFailure(failure, rule);
  const mark = exchange.mark === undefined ? {} : markHeader(rule.response, exchange.mark);
  switch (told.answer) {
    case 'redirect':
    case 'nextRule':
      return told.answer;
    case 'handOnRedirect':
      client.head(told.status, { ...mark, location: told.location, 'content-length': '0' });
      client.end();
      return 'answered';
    case 'passStatus':
      if (failure.answer === undefined) break;
      passAnswer(
        exchange,
        told.status,
        failure.answer,
        { ...headersSet(rule.response), ...mark },
        rule,
      );
      return 'answered';
    case 'error': {
      const { status, code } = told;
      const { retryAfterMs } = failure;
      sendError(exchange, { status, code, message: MESSAGES[code], retryAfterMs, headers: mark });
      return 'answered';
    }
  }
  const { onError } = rule.response;
  const message = `${MESSAGES.MirrorFailed}: its answer to ${request.method} can't be handed on`;
  sendError(exchange, { status: onError, code: 'MirrorFailed', message, headers: mark });
  return 'answered';
}

function passAnswer(
  { client, request }: Exchange,
  status: number,
  { headers, body }: NonNullable<Failure['answer']>,
  ours: Headers,
  { response }: Rule,
): void {
  const type = headers['content-type'];
  const encoding = headers['content-encoding'];
  client.head(status, {
    ...(type === undefined ? {} : { 'content-type': type }),
    ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    ...passedAnswerHeaders(response.passHeaders, headers),
    ...ours,
    'cache-control': 'no-store',
    // The answer to HEAD came without the body that it tells of.
    ...(request.method === 'HEAD' ? {} : { 'content-length': String(body.length) }),
  });
  client.end(request.method === 'HEAD' ? undefined : body);
}
