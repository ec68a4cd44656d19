import { Parser } from 'htmlparser2';
import { S3Refusal } from './s3-double-error.ts';

/** An element: its text, or its children; several children may bear one name. */
export type XmlContent = string | readonly (readonly [name: string, content: XmlContent])[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Text as S3 writes it into a document: control characters become references, valid or not. */
function escapeXml(text: string): string {
  return text
    .replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character)
    .replace(
      // eslint-disable-next-line no-control-regex -- S3 refers to control characters like this
      /[\u0000-\u001f\u007f]/g,
      (character) => `&#x${character.charCodeAt(0).toString(16)};`,
    );
}

function element(name: string, content: XmlContent): string {
  const inner =
    typeof content === 'string'
      ? escapeXml(content)
      : content.map(([child, of]) => element(child, of)).join('');
  return `<${name}>${inner}</${name}>`;
}

/** A document with its declaration; answers of S3 bear its namespace, errors do not. */
export function xmlDocument(root: string, content: XmlContent, namespace = true): string {
  const body = element(root, content);
  const named = namespace
    ? body.replace(`<${root}>`, `<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`)
    : body;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${named}`;
}

/** An element of a document that was sent to the double. */
export class XmlElement {
  readonly name: string;
  readonly children: XmlElement[] = [];
  text = '';

  constructor(name: string) {
    this.name = name;
  }

  /** All children of that name. */
  all(name: string): readonly XmlElement[] {
    return this.children.filter((child) => child.name === name);
  }

  /** The text of the first child of that name. */
  value(name: string): string | undefined {
    return this.children.find((child) => child.name === name)?.text;
  }
}

/** Reads a request's document. @throws S3Refusal `MalformedXML` unless it is whole and is a `root` */
export function parseXml(bytes: Uint8Array, root: string): XmlElement {
  const malformed = new S3Refusal(
    400,
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
  const top = new XmlElement('');
  const open: XmlElement[] = [top];
  const unclosed: string[] = [];
  const parser = new Parser(
    {
      onopentag: (name) => {
        const child = new XmlElement(name);
        open.at(-1)?.children.push(child);
        open.push(child);
      },
      ontext: (text) => {
        const current = open.at(-1);
        if (current !== undefined) current.text += text;
      },
      onclosetag: (name, implied) => {
        if (implied) unclosed.push(name);
        open.pop();
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
  parser.end(Buffer.from(bytes).toString('utf8'));
  const [document] = top.children;
  if (unclosed.length > 0 || document?.name !== root || top.children.length !== 1) throw malformed;
  return document;
}
