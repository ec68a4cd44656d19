import { CommanderError } from 'commander';
import { EXIT, fatalExitCode } from '../model/exit-code.ts';
import { FatalError } from '../model/failure.ts';
import { buildProgram } from './program.ts';
import { processSurroundings, type Surroundings } from './surroundings.ts';

/** Runs one command line; resolves with the exit code and never rejects. */
export async function main(
  argv: readonly string[],
  surroundings: Surroundings = processSurroundings(),
): Promise<number> {
  const { stdout, stderr } = surroundings;
  // Whoever reads along may leave at any time; runs notice a closed stdout by themselves.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  let exitCode: number = EXIT.complete;
  const setExitCode = (code: number): void => {
    exitCode = code;
  };
  const program = buildProgram(surroundings, setExitCode, argv[0]);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT.complete : EXIT.usage;
    }
    if (error instanceof FatalError) {
      stderr.write(`bucketfill: ${error.message}\n`);
      return fatalExitCode(error.kind);
    }
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    stderr.write(`bucketfill: internal error, please report it: ${trace}\n`);
    return EXIT.bug;
  }
}
