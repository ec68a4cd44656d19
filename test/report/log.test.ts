import { expect, test } from 'vitest';
import type { ObjectEvent, RunEvent, SummaryEvent } from '../../src/model/event.ts';
import { failuresOnly } from '../../src/report/failures-only.ts';
import { openLog } from '../../src/report/log.ts';

test('text is for people: the level is told where it is not information', () => {
  const lines: string[] = [];
  const log = openLog({ level: 'debug', format: 'text', write: (line) => lines.push(line) });
  log.info('hello');
  log.warn('careful');
  log.debug('by list');
  expect(lines).toEqual([
    'bucketfill: hello\n',
    'bucketfill: warn: careful\n',
    'bucketfill: debug: by list\n',
  ]);
});

test('JSON is one object a line, with level, time and message', () => {
  const lines: string[] = [];
  const log = openLog({ level: 'info', format: 'json', write: (line) => lines.push(line) });
  log.info('hello "you"');
  const [line = '{}'] = lines;
  expect(JSON.parse(line)).toMatchObject({ level: 'info', msg: 'hello "you"' });
  expect(JSON.parse(line)).toHaveProperty('time');
});

test('what is below the level is not told', () => {
  const lines: string[] = [];
  const log = openLog({ level: 'error', format: 'text', write: (line) => lines.push(line) });
  log.info('a');
  log.warn('b');
  log.debug('c');
  expect(lines).toEqual([]);
});

test('a quiet run tells failures and the summary that has some, and nothing when all is well', () => {
  const told: RunEvent[] = [];
  const sink = failuresOnly({ emit: (event) => told.push(event), flush: () => Promise.resolve() });
  const none = { listed: 0, copied: 0, skipped: 0, failed: 0 };
  const summary: SummaryEvent = {
    event: 'summary',
    command: 'migrate',
    ...none,
    deleted: 0,
    listingErrors: 0,
    bytes: 0,
    originRequests: 0,
    bucketRequests: 0,
    carried: none,
    resumed: false,
    elapsedMs: 1,
    exitCode: 0,
  };
  const skipped: ObjectEvent = {
    event: 'object',
    key: 'a',
    outcome: 'skipped',
    rule: 'r',
    reason: 'exists',
  };
  sink.emit({ event: 'start', schema: 1, command: 'c', job: 'j', time: '', resumed: false });
  sink.emit(skipped);
  sink.emit(summary);
  expect(told).toEqual([]);
  sink.emit({ ...summary, carried: { ...none, failed: 1 } });
  expect(told).toHaveLength(1);
  sink.emit({ ...summary, listingErrors: 1 });
  expect(told).toHaveLength(2);
});
