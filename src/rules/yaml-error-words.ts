import type { ErrorCode, YAMLError } from 'yaml';

const WORDS: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: 'the indentation does not fit the lines above',
  BAD_DQ_ESCAPE: 'an escape that YAML does not know; use single quotes, or double the `\\`',
  BAD_SCALAR_START: 'a text may not begin with this character; put quotes around it',
  BLOCK_AS_IMPLICIT_KEY:
    'a nested field where a text ends; put the field on its own line, or quotes around a text with `: `',
  MULTILINE_IMPLICIT_KEY: 'a field name that spans lines; is a `:` missing?',
  MISSING_CHAR: 'something that was opened is not closed, or a `:`, `,` or space is missing',
  MULTIPLE_DOCS: 'a second document (`---`); a rules file holds one',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply to be read',
  TAB_AS_INDENT: 'a tab as indentation; YAML takes spaces only',
  TAG_RESOLVE_FAILED: 'tags (`!name`) are not read; remove it, or put quotes around the text',
  UNEXPECTED_TOKEN:
    'something unexpected; is a quote, a `:` or a `-` missing, or the indentation off?',
};

/** What is wrong with the YAML, in one line; never an excerpt, which could hold a secret. */
export function yamlErrorWords(error: YAMLError): string {
  return `invalid YAML: ${WORDS[error.code] ?? 'the structure cannot be read here'}`;
}
