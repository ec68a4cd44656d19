import { FatalError } from '../../model/failure.ts';

/** More warnings than this help nobody; what is left is counted. */
const MAX_WARNINGS = 200;
/** Texts of the document are repeated up to this length. */
const MAX_SHOWN = 80;

/** A field that was dropped or is doubtful: its path in the vendor's document, and what became of it. */
export interface ImportWarning {
  readonly path: string;
  readonly message: string;
}

/**
 * What one import has to tell: warnings, the line that ends it, and the names of environment
 * variables that stand for its secrets. No message ever holds a secret.
 */
export class ImportNotes {
  readonly format: 'json' | 'xml';
  readonly #file: string;
  readonly #warnings: ImportWarning[] = [];
  readonly #envNames = new Set<string>();

  constructor(file: string, format: 'json' | 'xml') {
    this.#file = file;
    this.format = format;
  }

  warn(path: string, message: string): void {
    this.#warnings.push({ path, message });
  }

  /** Every warning so far, at most as many as people read. */
  warnings(): readonly ImportWarning[] {
    const more = this.#warnings.length - MAX_WARNINGS;
    if (more <= 0) return this.#warnings;
    const rest = { path: '', message: `${more} more fields were dropped` };
    return [...this.#warnings.slice(0, MAX_WARNINGS), rest];
  }

  /** The number of warnings so far; those behind it are had by {@link since}. */
  mark(): number {
    return this.#warnings.length;
  }

  since(mark: number): readonly ImportWarning[] {
    return this.#warnings.slice(mark, mark + MAX_WARNINGS);
  }

  /** The end of the import: one line that names file and field. */
  problem(path: string, message: string): FatalError {
    const where = path === '' ? '' : `${path}: `;
    return new FatalError('usage', `${this.#file}: ${where}${message}`);
  }

  /** An environment variable's name made of `parts`, never given twice. */
  envName(...parts: readonly string[]): string {
    const wanted = parts
      .join('_')
      .toUpperCase()
      .replaceAll(/[^A-Z0-9]+/g, '_')
      .slice(0, MAX_SHOWN)
      .replace(/^(?=[\d_])/, 'RULE_')
      .replaceAll('__', '_');
    let name = wanted;
    for (let copy = 2; this.#envNames.has(name); copy += 1) name = `${wanted}_${copy}`;
    this.#envNames.add(name);
    return name;
  }
}

/** A text of the document on one line, cut to a length that people read. */
export function shown(text: string): string {
  const line = text.toWellFormed().replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\uFFFD\s]+/gu, ' ');
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN).toWellFormed()}…` : line;
}
