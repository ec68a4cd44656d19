import picomatch from 'picomatch';

/** What a glob comes to: a pattern of whole keys, or why there is none, in words that end a sentence. */
export type CompiledGlob = { readonly pattern: RegExp } | { readonly problem: string };

/** What a regular expression lets stand behind a backslash, and a glob as well. */
const ESCAPABLE = new Set('^$\\.*+?()[]{}|/');

/**
 * Compiles a glob over keys: `*` is any run of characters within a segment, `**` as a whole segment
 * any run of segments, `?` one character, `[a-z]` and `[!a-z]` one of a class, `{a,b}` either;
 * a backslash takes what follows for itself. Everything else is itself. The whole key has to match,
 * and case counts.
 *
 * picomatch matches paths, and keys are none: what it forbids of `.`, `..` and empty segments is
 * taken out of its expressions, and what it would strip, collapse or quote is kept from it.
 */
export function compileGlob(glob: string): CompiledGlob {
  if (glob === '') return { problem: 'it is empty' };
  // No command line can name one, and picomatch would drop it.
  if (glob.includes('\0')) return { problem: 'it holds a NUL' };
  if (!glob.isWellFormed()) return { problem: 'it is not well-formed Unicode' };
  try {
    const { source } = picomatch.makeRe(literally(glob), OPTIONS);
    return { pattern: new RegExp(withoutPathRules(source), OPTIONS.flags) };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    // picomatch writes its one backslash as JavaScript does.
    return { problem: said.replace('use "\\\\', 'use "\\') };
  }
}

const WINDOWS = false;

const OPTIONS = {
  /** `s`: keys may hold line ends; `u`: a character is a code point. */
  flags: 'su',
  dot: true,
  windows: WINDOWS,
  /** Without it `[!a]` is no negation. */
  posix: true,
  nonegate: true,
  noextglob: true,
  regex: false,
  literalBrackets: false,
  strictBrackets: true,
  strictSlashes: true,
  fastpaths: false,
  /** Throws where the expression is none, instead of matching nothing. */
  debug: true,
  expandRange: (): string => {
    throw new SyntaxError('a range in braces is not understood: write {1,2,3}, or [1-3]');
  },
};

/** What is escaped, a class, a character that picomatch takes for more than itself. */
const TOKENS = /\\.?|\[[!^]?\]?(?:\\.|[^\]\\])*\]|[()|"]/gsu;

/** The glob with everything in a form that picomatch takes as it is meant. */
function literally(glob: string): string {
  const text = glob.replace(TOKENS, (token) =>
    token.startsWith('[') ? token.replaceAll(/\\./gsu, inClass) : itself(token),
  );
  // A leading `./` would be stripped.
  return text.startsWith('./') ? `\\${text}` : text;
}

/** Quotes and backslashes stand for themselves in a class alone. */
function itself(token: string): string {
  const character = token.replace(/^\\/, '');
  if (token === '\\') throw new SyntaxError('it ends with a backslash, which takes what follows');
  if (character === '"') return '["]';
  if (character === '\\') return '[\\\\]';
  return ESCAPABLE.has(character) ? `\\${character}` : character;
}

function inClass(token: string): string {
  const character = token.slice(1);
  return ESCAPABLE.has(character) || character === '-' ? token : character;
}

/** A `.` or `..` is a segment like others, and a segment may be empty. */
function withoutPathRules(source: string): string {
  const { NO_DOTS, NO_DOT_SLASH, NO_DOTS_SLASH, ONE_CHAR } = picomatch.constants.globChars(WINDOWS);
  return source
    .replaceAll(NO_DOTS, '')
    .replaceAll(NO_DOTS_SLASH, '')
    .replaceAll(NO_DOT_SLASH, '')
    .replaceAll(ONE_CHAR, '');
}
