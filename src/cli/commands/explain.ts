import { EXIT } from '../../model/exit-code.ts';
import { Failure, FatalError } from '../../model/failure.ts';
import { type ObjectKey, objectKey } from '../../model/object-key.ts';
import { explainKey, explainText } from '../../rules/explain-key.ts';
import { loadRules } from '../load-rules.ts';
import type { Surroundings } from '../surroundings.ts';

/** `bucketfill explain`: what each key comes to, without asking anyone. */
export async function explain(
  file: string,
  keys: readonly string[],
  options: { readonly json?: true },
  surroundings: Surroundings,
): Promise<number> {
  const rules = await loadRules(file, surroundings, false);
  const explanations = keys.map((key) => explainKey(rules, keyArgument(key)));
  const text =
    options.json === true
      ? JSON.stringify(explanations, undefined, 2)
      : explanations.map(explainText).join('\n\n');
  surroundings.stdout.write(`${text}\n`);
  return EXIT.complete;
}

function keyArgument(text: string): ObjectKey {
  try {
    return objectKey(text);
  } catch (error) {
    if (error instanceof Failure) throw new FatalError('usage', `key argument: ${error.message}`);
    throw error;
  }
}
