import { xmlText } from '../../client/error-answer.ts';

/** An `<Error>` with these elements, in their order; what XML can't say is U+FFFD. */
export function errorXml(elements: Readonly<Record<string, string>>): string {
  const lines = Object.entries(elements).map(
    ([name, text]) => `  <${name}>${xmlText(text)}</${name}>\n`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n${lines.join('')}</Error>\n`;
}
