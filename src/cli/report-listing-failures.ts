import { open } from 'node:fs/promises';
import path from 'node:path';
import { FAILURE_CODES } from '../model/failure.ts';
import type { ListingFailure } from '../model/scan-journal.ts';

const MOST_SHOWN = 100;
/** Enough for so many of the longest lines that are usual. */
const MOST_BYTES = 256 * 1024;

/**
 * Some of what the scan of a job could not list, the first ones; none where it has no scan. A line
 * that is being written, or is none, is passed over: this only adds to what a report counts.
 * @param directory the job's, as `Job.directory` names it
 */
export async function reportListingFailures(directory: string): Promise<readonly ListingFailure[]> {
  const text = await beginningOf(path.join(directory, 'listing-failures.jsonl'));
  return text
    .split('\n')
    .map(listingFailure)
    .filter((failure) => failure !== undefined)
    .slice(0, MOST_SHOWN);
}

async function beginningOf(file: string): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return '';
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0);
    return buffer.subarray(0, bytesRead).toString();
  } finally {
    await handle.close();
  }
}

function listingFailure(line: string): ListingFailure | undefined {
  const fields = fieldsOf(line);
  const text = (name: string): string => {
    const value = fields.get(name);
    return typeof value === 'string' ? value : '';
  };
  const code = FAILURE_CODES.find((known) => known === fields.get('code'));
  if (code === undefined) return undefined;
  const status = fields.get('status');
  return {
    rule: text('rule'),
    prefix: text('prefix'),
    code,
    status: typeof status === 'number' ? status : undefined,
    message: text('message'),
  };
}

function fieldsOf(line: string): ReadonlyMap<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(line);
    return new Map(typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : []);
  } catch {
    return new Map();
  }
}
