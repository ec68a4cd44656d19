import type { Claims } from '../../model/claims.ts';
import { FatalError } from '../../model/failure.ts';
import type { UploadJournal } from '../../model/upload-journal.ts';
import type { Answer, FromThread, Question } from './messages.ts';

interface Waiting {
  readonly resolve: (answer: Answer) => void;
}

/** What a thread asks the one that it copies for. */
export class Questions {
  readonly #post: (message: FromThread) => void;
  readonly #waiting = new Map<number, Waiting>();
  #number = 0;

  constructor(post: (message: FromThread) => void) {
    this.#post = post;
  }

  /** @throws FatalError as it was thrown there, Error for a bug. */
  async ask<Op extends Question['op']>(
    question: Question & { readonly op: Op },
  ): Promise<Extract<Answer, { readonly op: Op }>> {
    const answer = await new Promise<Answer>((resolve) => {
      this.#number += 1;
      this.#waiting.set(this.#number, { resolve });
      this.#post({ op: 'question', number: this.#number, question });
    });
    if (isAnswerTo(answer, question.op)) return answer;
    if (answer.op !== 'failed') throw new Error(`${question.op} was answered by ${answer.op}`);
    const { kind, message } = answer;
    throw kind === undefined ? new Error(message) : new FatalError(kind, message);
  }

  answered(number: number, answer: Answer): void {
    this.#waiting.get(number)?.resolve(answer);
    this.#waiting.delete(number);
  }
}

function isAnswerTo<Op extends Question['op']>(
  answer: Answer,
  op: Op,
): answer is Extract<Answer, { readonly op: Op }> {
  return answer.op === op;
}

/** The run's claims; the owner is the run, whatever a thread calls itself. */
export function askedClaims(questions: Questions): Claims {
  return {
    claim: async (key) => (await questions.ask({ op: 'claim', key })).answer,
    release: async (key) => {
      await questions.ask({ op: 'release', key });
    },
    held: async (key) => (await questions.ask({ op: 'held', key })).by,
    heldByOthers: async () => (await questions.ask({ op: 'heldByOthers' })).held,
  };
}

/** The run's journal; a thread is told what is in it with each entry. */
export function askedJournal(questions: Questions): UploadJournal {
  return {
    keep: async (key, sealed) => {
      await questions.ask({ op: 'upload', key, sealed });
    },
    drop: async (key) => {
      await questions.ask({ op: 'upload', key, sealed: undefined });
    },
    all: () => Promise.resolve([]),
  };
}
