/**
 * Canonical text: the statements of a configuration with variables, conditional blocks and comments already applied, quoted so
 * that they read back to the same words.
 */

import type { Config, SectionSource, Statement } from './model.ts';

/** The whole configuration, sections separated by an empty line, with a line feed at the end. */
export function printConfig(config: Config): string {
  return config.sources.map(printSection).join('\n');
}

function printSection(section: SectionSource): string {
  const head = [
    section.kind,
    ...(section.name === '' ? [] : [quoteWord(section.name)]),
    ...(section.from === undefined ? [] : ['from', quoteWord(section.from)]),
  ];
  return `${head.join(' ')}\n${section.statements.map(printStatement).join('')}`;
}

function printStatement(statement: Statement): string {
  return `    ${statement.words.map(quoteWord).join(' ')}\n`;
}

/** Words that need no quotes: no blank, quote, backslash or comment sign. */
const PLAIN = /^[^\s"'\\#]+$/;

/** A word as the tokenizer reads it back. Strong quotes where they can hold it, else escapes. */
export function quoteWord(word: string): string {
  const hasControl = hasControlCharacter(word);
  if (PLAIN.test(word) && !hasControl) return word;
  if (word !== '' && !hasControl && !word.includes("'")) return `'${word}'`;
  return `"${Array.from(word, escapeCharacter).join('')}"`;
}

function hasControlCharacter(word: string): boolean {
  for (let index = 0; index < word.length; index++) {
    const code = word.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

function escapeCharacter(character: string): string {
  switch (character) {
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    case '\t':
      return '\\t';
    case '"':
    case '\\':
    case '$':
      return `\\${character}`;
    default:
      return hasControlCharacter(character) ? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}` : character;
  }
}
