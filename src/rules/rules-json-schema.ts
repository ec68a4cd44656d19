import { z } from 'zod';

import { fileSchema } from './schema/file.ts';

/**
 * The JSON Schema (draft 2020-12) of a rules file, for editors. It knows fields, types and ranges;
 * what fields say about each other only `check` knows.
 */
export function rulesJsonSchema(): Record<string, unknown> {
  return { title: 'bucketfill rules', ...z.toJSONSchema(fileSchema, { io: 'input' }) };
}
