import os from 'node:os';
import process from 'node:process';

import { spread } from './yard-race.js';

const COLUMNS = [
  ['seconds', 's', 2],
  ['cpuS', 'CPU s', 2],
  ['rssMiB', 'peak RSS, MiB', 0],
  ['perSecond', 'objects/s', 0],
  ['steadyPerSecond', 'objects/s, second half', 0],
  ['mibPerSecond', 'MiB/s', 0],
  ['firstMs', 'first object, ms', 0],
  ['tail', 'tail', 3],
];

/** A bar ends a cell. */
const cell = (text) => text.replaceAll('|', '\\|');

function shown({ median, min, max }, digits) {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

/** What it ran on. */
export function machine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model ?? 'unknown',
    cores: cpus.length,
    memoryMiB: Math.round(os.totalmem() / 1024 ** 2),
    system: `${os.type()} ${os.release()}`,
    node: process.version,
    loadBefore: os.loadavg()[0],
  };
}

/** Each contestant's figures: medians, least and most. */
export function figuresTable(title, runs) {
  const [first = []] = Object.values(runs);
  const columns = COLUMNS.filter(([name]) => first[0]?.[name] !== undefined);
  const head = ['', ...columns.map(([, unit]) => unit)].join(' | ');
  const lines = Object.entries(runs).map(([contestant, rounds]) => {
    const cells = columns.map(([name, , digits]) =>
      shown(spread(rounds.map((round) => round[name])), digits),
    );
    return `| ${[cell(contestant), ...cells].join(' | ')} |`;
  });
  return [
    `\n${title}\n`,
    `| ${head} |`,
    `|${'---|'.repeat(columns.length + 1)}`,
    ...lines,
    '',
  ].join('\n');
}

/** What was wanted, and whether it is so. */
export function verdictsTable(verdicts) {
  const lines = verdicts.map((one) => {
    const met = one.isMet === undefined ? '' : one.isMet ? 'met' : 'MISSED';
    const digits = one.median >= 100 ? 0 : 2;
    return `| ${one.row} | ${cell(one.target)} | ${shown(one, digits)} | ${met} |`;
  });
  return ['\n| row | target | measured | |', '|---|---|---|---|', ...lines, ''].join('\n');
}
