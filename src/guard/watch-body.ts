import type { OriginAnswer } from '../model/origin.ts';

/**
 * Passes an answer on and calls `onBroken` where its body fails by itself. What the sink throws
 * while it takes the body is the consumer's affair and is not told.
 */
export function watchBody(answer: OriginAnswer, onBroken: () => void): OriginAnswer {
  return {
    head: answer.head,
    async bytes(limit) {
      try {
        return await answer.bytes(limit);
      } catch (error) {
        onBroken();
        throw error;
      }
    },
    async pipeTo(sink) {
      const consumer = { failed: false };
      try {
        return await answer.pipeTo((chunk) => {
          try {
            const taken = sink(chunk);
            // Most sinks take a chunk at once; only those that don't cost a promise more.
            if (!(taken instanceof Promise)) return undefined;
            return taken.catch((error: unknown) => {
              consumer.failed = true;
              throw error;
            });
          } catch (error) {
            consumer.failed = true;
            throw error;
          }
        });
      } catch (error) {
        if (!consumer.failed) onBroken();
        throw error;
      }
    },
  };
}
