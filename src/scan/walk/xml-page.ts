import { Parser } from 'htmlparser2';
import { type ListedFacts, NoIndex, type OnLink, type PageReader } from './page-link.ts';

const SECOND_MS = 1000;
const ROOT = 'list';

/**
 * Reads nginx's `autoindex_format xml`. It is read byte by byte as Latin-1, and each name turned
 * back into its bytes: nginx copies names that are not UTF-8 as they are.
 */
export function xmlPage(onLink: OnLink): PageReader {
  let root: string | undefined;
  let isWhole = false;
  let facts: ListedFacts = {};
  let text: string | undefined;
  const parser = new Parser(
    {
      onopentag: (name, attributes) => {
        if (root === undefined && name !== ROOT) {
          throw new NoIndex(`it is XML, but no index of nginx: <${name.slice(0, 60)}>`);
        }
        root ??= name;
        text = name === ROOT ? undefined : '';
        facts = factsOf(attributes);
      },
      ontext: (part) => {
        if (text !== undefined) text += part;
      },
      onclosetag: (name, isImplied) => {
        if (isImplied) return;
        if (name === ROOT) isWhole = true;
        else if (text !== undefined) giveEntry(name, text, facts, onLink);
        text = undefined;
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
  return {
    write: (chunk) => {
      parser.write(Buffer.from(chunk).toString('latin1'));
    },
    end: () => {
      parser.end();
      if (root === undefined) throw new NoIndex('it is no XML');
      if (!isWhole) throw new NoIndex('it is cut: its XML has no end');
      return true;
    },
  };
}

function giveEntry(element: string, latin1: string, facts: ListedFacts, onLink: OnLink): void {
  const bytes = Buffer.from(latin1, 'latin1');
  let name: string;
  try {
    name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    onLink({ kind: 'passed', reason: 'not-utf8', text: bytes.toString('utf8') });
    return;
  }
  if (element === 'directory') onLink({ kind: 'name', name, isFolder: true, facts: {} });
  else if (element === 'file') onLink({ kind: 'name', name, isFolder: false, facts });
  else onLink({ kind: 'passed', reason: 'special', text: name });
}

/** Whole seconds, always in UTC. */
function factsOf({ size = '', mtime = '' }: Record<string, string>): ListedFacts {
  const lastModifiedMs = Date.parse(mtime);
  return {
    ...(/^\d{1,15}$/.test(size) ? { size: Number(size) } : {}),
    ...(Number.isNaN(lastModifiedMs) ? {} : { lastModifiedMs, resolutionMs: SECOND_MS }),
  };
}
