import { createRequire } from 'node:module';
import type * as Undici from 'undici';

const load = createRequire(import.meta.url);

/**
 * A part of undici by its file. The whole package loads 110 files, fetch and its kin among them,
 * where the client takes a quarter of that. Its files are no part of its interface: where one is
 * not what is wanted, the whole is loaded after all.
 */
function part(file: string): unknown {
  try {
    return load(`undici/lib/${file}`);
  } catch {
    return undefined;
  }
}

function whole(): typeof Undici {
  return load('undici') as typeof Undici;
}

function isClient(found: unknown): found is typeof Undici.Client {
  return typeof found === 'function' && 'dispatch' in found.prototype;
}

function isErrors(found: unknown): found is typeof Undici.errors {
  return typeof found === 'object' && found !== null && 'HTTPParserError' in found;
}

const client = part('dispatcher/client.js');
const errorClasses = part('core/errors.js');

/** One connection to an origin, driven by `dispatch`. */
export const Client = isClient(client) ? client : whole().Client;
export type Client = Undici.Client;

/** Classes of the errors that it gives. */
export const errors = isErrors(errorClasses) ? errorClasses : whole().errors;
