import { createRequire } from 'node:module';
import type * as Cockatiel from 'cockatiel';

/**
 * The circuit breaker. Required, because an `import` of it makes Node read all of its files once
 * more to find their exports: every command would wait four times as long for it.
 */
export const { circuitBreaker, CircuitState, handleWhen } = createRequire(import.meta.url)(
  'cockatiel',
) as typeof Cockatiel;
