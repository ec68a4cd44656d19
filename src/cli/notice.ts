import type { Surroundings } from './surroundings.ts';

/** Prints a line that users should see although nothing is wrong; silent where they want quiet. */
export type Notice = (text: string) => void;

export function noticeTo({ stderr }: Surroundings, quiet: boolean): Notice {
  return (text) => {
    if (!quiet) stderr.write(`bucketfill: ${text}\n`);
  };
}
