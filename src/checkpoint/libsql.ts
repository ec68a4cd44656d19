import { createRequire } from 'node:module';
import type LibSql from 'libsql';

/**
 * The SQLite driver. Required, because an `import` of it makes Node read its files once more to
 * find their exports, in each of the threads.
 */
export const Database = createRequire(import.meta.url)('libsql') as typeof LibSql;
