import type { BodyMemory } from '../model/body-memory.ts';
import { type AnswerReader, ReadAgain } from '../model/origin.ts';

/** The times between two tries at one object. */
export interface BetweenTries {
  /** Runs a try; one that fails begins such a time. */
  around<T>(reader: AnswerReader<T>): AnswerReader<T>;
  /** The next try begins, or there is none any more. */
  end(): void;
}

/**
 * Between two tries an object waits for a pause to pass, for an address to come back, and for its
 * turn there, which may be held by others that wait for memory. What it holds of that meanwhile it
 * gives up as soon as somebody wants it: else all could wait for each other, for ever.
 * @param giveUp never throws
 */
export function betweenTries(memory: BodyMemory, giveUp: () => Promise<void>): BetweenTries {
  let withdraw = (): void => undefined;
  const end = (): void => {
    withdraw();
  };
  const around = <T>(reader: AnswerReader<T>): AnswerReader<T> => {
    return (answer) => {
      end();
      return reader(answer).then(
        (read) => {
          if (!(read instanceof ReadAgain)) return read;
          // The second request may fail before it has an answer, and then nobody else would offer.
          withdraw = memory.onWanted(giveUp);
          return new ReadAgain(around(read.reader));
        },
        (error: unknown) => {
          withdraw = memory.onWanted(giveUp);
          throw error;
        },
      );
    };
  };
  return { around, end };
}
