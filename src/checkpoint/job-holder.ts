/** Who works on a job; shown to whoever finds it locked. */
export interface JobHolder {
  readonly pid: number;
  readonly host: string;
  readonly command: string;
}

/** The file in a job's directory that says who holds it. */
export const HOLDER_NOTE = 'lock.json';
