import { EXIT } from '../../model/exit-code.ts';
import { Failure, FatalError } from '../../model/failure.ts';
import { type ObjectKey, objectKey } from '../../model/object-key.ts';
import type { Headers } from '../../model/ports.ts';
import { explainKey } from '../../rules/explain-key.ts';
import { explainTable, explainText } from '../../rules/explain-text.ts';
import { isHeaderName, isHeaderValue } from '../../rules/header-names.ts';
import { loadRules } from '../load-rules.ts';
import type { Surroundings } from '../surroundings.ts';

export interface ExplainOptions {
  /** GET where absent. */
  readonly method?: string;
  /** Each `name: value`. */
  readonly header?: readonly string[];
  /** With or without `?`. */
  readonly query?: string;
  readonly table?: true;
  readonly json?: true;
}

/** `bucketfill explain`: what each key comes to, without asking anyone. */
export async function explain(
  file: string,
  keys: readonly string[],
  options: ExplainOptions,
  surroundings: Surroundings,
): Promise<number> {
  const headers = clientHeaders(options.header ?? []);
  const requests = keys.map((key) => ({
    key: keyArgument(key),
    method: (options.method ?? 'GET').toUpperCase(),
    host: headers['host'],
    headers,
    query: (options.query ?? '').replace(/^\?/, ''),
  }));
  const rules = await loadRules(file, surroundings, false);
  const explanations = requests.map((request) => explainKey(rules, request));
  const text = (): string => {
    if (options.json === true) return JSON.stringify(explanations, undefined, 2);
    if (options.table === true) return explainTable(explanations);
    return explanations.map((explanation) => explainText(explanation, rules)).join('\n\n');
  };
  surroundings.stdout.write(`${text()}\n`);
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

/** Headers as a client sends them; one that comes twice is joined. */
function clientHeaders(lines: readonly string[]): Headers {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]*):(.*)$/s.exec(line) ?? [];
    const sent = value.trim();
    if (!isHeaderName(name) || !isHeaderValue(sent)) {
      throw new FatalError('usage', "--header: expected 'name: value'");
    }
    const before = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), before === undefined ? sent : `${before}, ${sent}`);
  }
  return Object.fromEntries(headers);
}
