import { fileURLToPath } from 'node:url';

/** The program itself: src/cli, dist/cli and dist/bundle all stand two folders below the package's root. */
export const programFile = fileURLToPath(new URL('../../bin/bucketfill.js', import.meta.url));
