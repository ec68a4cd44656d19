/** Names that anybody may choose take no more room than this many. */
const MOST_NAMES = 1000;

/**
 * What `answer` says of a name, from memory where it was asked before: for verdicts that depend on
 * the name alone, when the same few names come with every request. Of too many all are forgotten.
 */
export function remembered(
  answer: (name: string) => string | undefined,
): (name: string) => string | undefined {
  const answers = new Map<string, string | undefined>();
  return (name) => {
    const had = answers.get(name);
    if (had !== undefined || answers.has(name)) return had;
    const told = answer(name);
    if (answers.size >= MOST_NAMES) answers.clear();
    answers.set(name, told);
    return told;
  };
}
