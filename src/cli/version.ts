import { createRequire } from 'node:module';

/** src/cli, dist/cli and dist/bundle all stand two folders below the package's root. */
const manifest: unknown = createRequire(import.meta.url)('../../package.json');

/** The package's version, as in package.json. */
export const version: string =
  typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
