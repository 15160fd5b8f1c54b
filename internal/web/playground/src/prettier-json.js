// Prettier's parser and printer for JSON with comments, made of the one that the editor has anyway.
import { applyEdits, format } from 'jsonc-parser';

const indent = (text) => applyEdits(text, format(text, undefined, { insertSpaces: true, tabSize: 2 }));

export const parsers = {
  jsonc: { astFormat: 'jsonc', parse: (text) => ({ text }), locStart: () => 0, locEnd: ({ text }) => text.length },
};
export const printers = {
  jsonc: { print: ({ node }) => indent(node.text) },
};
