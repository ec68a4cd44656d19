import { describe, expect, it } from 'vitest';
import { OriginStates } from '../../src/guard/origin-states.ts';
import type { OriginEvent } from '../../src/model/event.ts';

const ORIGIN = 'https://a.example/';
const CHECK = 'health check https://a.example/health';

function told() {
  const events: [OriginEvent['state'], string][] = [];
  const states = new OriginStates(({ state, reason }) => events.push([state, reason]));
  states.add(ORIGIN);
  return { states, events };
}

describe('what is told of an origin', () => {
  it('is what its breaker does, where no check finds it ill', () => {
    const { states, events } = told();
    states.breaker(ORIGIN, 'open', '60 % of 40 calls failed');
    states.breaker('https://b.example/', 'closed', 'a request to it succeeded');
    expect(events).toEqual([
      ['open', '60 % of 40 calls failed'],
      ['closed', 'a request to it succeeded'],
    ]);
  });

  it('is what the check finds, and no closing breaker says otherwise', () => {
    const { states, events } = told();
    states.health(ORIGIN, CHECK, false, '3 failures in a row: 503');
    states.breaker(ORIGIN, 'open', '60 % of 40 calls failed');
    states.breaker(ORIGIN, 'closed', 'a request to it succeeded');
    expect(events).toEqual([['open', `${CHECK}: 3 failures in a row: 503`]]);
    states.health(ORIGIN, CHECK, true, '2 successes in a row');
    expect(events.slice(1)).toEqual([['closed', `${CHECK}: 2 successes in a row`]]);
  });

  it('is what its breaker is by then, when the check finds it well again', () => {
    const { states, events } = told();
    states.breaker(ORIGIN, 'open', '60 % of 40 calls failed');
    states.health(ORIGIN, CHECK, false, '1 failure: 503');
    states.breaker(ORIGIN, 'half-open', 'one request is trying it');
    states.health(ORIGIN, CHECK, true, '1 success');
    expect(events.slice(2)).toEqual([['half-open', 'one request is trying it']]);
  });

  it('is closed only when the last of several checks finds it well', () => {
    const { states, events } = told();
    const other = 'health check https://a.example/other';
    states.health(ORIGIN, CHECK, false, '1 failure: 503');
    states.health(ORIGIN, other, false, '1 failure: 500');
    states.health(ORIGIN, CHECK, true, '1 success');
    expect(events.map(([state]) => state)).toEqual(['open', 'open']);
    states.health(ORIGIN, other, true, '1 success');
    expect(events.slice(2)).toEqual([['closed', `${other}: 1 success`]]);
  });
});
