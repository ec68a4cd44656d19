import { FatalError } from '../../model/failure.ts';
import type { Rules } from '../../model/rule.ts';
import { parseRules } from '../parse-rules.ts';
import type { DraftRule } from './draft-rule.ts';
import type { ImportNotes } from './import-notes.ts';

/** A rules file that was written of drafts. */
export interface WrittenDrafts {
  readonly yaml: string;
  readonly drafts: readonly DraftRule[];
  readonly notes: ImportNotes;
  /** As it was given by `--bucket`. */
  readonly bucketUrl: string | undefined;
}

/**
 * The rules as every command will read them: nothing becomes a rule here that `check` would refuse.
 * @throws FatalError `usage`, naming the place in the vendor's document.
 */
export function parseDrafts({ yaml, drafts, notes, bucketUrl }: WrittenDrafts): Rules {
  const { rules, problems } = parseRules(yaml, 'the imported rules');
  if (rules !== undefined) return rules;
  const [problem] = problems;
  const { path = '', message = 'cannot be used' } = problem ?? {};
  if (bucketUrl !== undefined && path.startsWith('bucket')) {
    throw new FatalError('usage', `--bucket: ${message}`);
  }
  const index = Number(/^rules\[(\d+)\]/.exec(path)?.[1]);
  const draft = Number.isNaN(index) ? undefined : drafts[index];
  const field = path.replace(/^rules\[\d+\]\.?/, '');
  throw notes.problem(draft?.madeFrom ?? '', `as a rule it is invalid: ${field}: ${message}`);
}
