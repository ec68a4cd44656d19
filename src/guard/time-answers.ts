import type { Origin } from '../model/origin.ts';

/**
 * An origin whose answers are timed.
 * @param nowMs milliseconds of a clock that does not go back
 * @param onAnswered told of each answer with the address that gave it, and how many milliseconds
 * after the request for it was sent
 */
export function timeAnswers(
  origin: Origin,
  nowMs: () => number,
  onAnswered: (address: string, ms: number) => void,
): Origin {
  return {
    name: origin.name,
    read: async (request, reader, signal) => {
      let askedMs = nowMs();
      return origin.read(
        {
          ...request,
          onRequest: (address) => {
            askedMs = nowMs();
            request.onRequest(address);
          },
        },
        async (answer) => {
          onAnswered(answer.head.origin, nowMs() - askedMs);
          return reader(answer);
        },
        signal,
      );
    },
    probe: (signal) => origin.probe(signal),
    close: () => origin.close(),
  };
}
