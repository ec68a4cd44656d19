/**
 * What a store's adapter and its worker thread say to each other. Every request is answered by
 * exactly one reply with the request's number; requests are carried out in the order in which they
 * were posted.
 */
import type { FatalKind } from '../model/failure.ts';

/** A request or a reply of some store's protocol, told from the others by its operation. */
export interface Operation {
  readonly op: string;
}

/** The reply to a request that could not be carried out. */
export interface FailedReply {
  readonly op: 'failed';
  readonly message: string;
  /** Absent where the error is a bug of this program. */
  readonly kind: FatalKind | undefined;
  /** The text of the error's cause, or its stack where it is a bug. */
  readonly detail: string;
}

/** Every store's last question. */
export interface CloseRequest {
  readonly op: 'close';
}

export interface RequestMessage<Request extends Operation> {
  readonly number: number;
  readonly request: Request;
}

export interface ReplyMessage<Reply extends Operation> {
  readonly number: number;
  readonly reply: Reply | FailedReply;
}

/** Whether the reply says that its request could not be carried out. */
export function isFailed(reply: Operation): reply is FailedReply {
  return reply.op === 'failed';
}

/** Whether `reply` answers the operation `op`. */
export function isReplyTo<Reply extends Operation, Op extends Reply['op']>(
  reply: Reply,
  op: Op,
): reply is Extract<Reply, { op: Op }> {
  return reply.op === op;
}
