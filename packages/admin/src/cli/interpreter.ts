/**
 * From a line to its answer: splits a line into commands and words, finds the command, checks the level. Pure but for what
 * the commands themselves do. Manual: management section 9.3 (";", escapes, unknown commands).
 */

import { allows, helpLine } from './command.ts';
import type { Answer, Command, CommandContext, Level } from './command.ts';

/** HAProxy's own limit of words in one command. */
const MAX_WORDS = 64;

/** Splits at semicolons that are not escaped. */
export function splitCommands(line: string): string[] {
  const commands: string[] = [];
  let current = '';
  for (let index = 0; index < line.length; index++) {
    const character = line[index];
    if (character === '\\' && index + 1 < line.length) current += character + line[++index];
    else if (character === ';') {
      commands.push(current);
      current = '';
    } else current += character;
  }
  commands.push(current);
  return commands;
}

/** Words of one command: separated by blanks, a backslash makes the next character plain. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '\\' && index + 1 < text.length) word = (word ?? '') + text[++index];
    else if (character === ' ' || character === '\t' || character === '\r') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  return words.slice(0, MAX_WORDS);
}

export class Interpreter {
  readonly #commands: readonly Command[];

  constructor(commands: readonly Command[]) {
    this.#commands = commands;
  }

  /** The answer to one command, without the blank line that follows it. Never throws for what a user may type. */
  answer(context: CommandContext, text: string): Answer {
    const words = splitWords(text);
    if (words.length === 0) return this.#listing(context);
    if (words[0] === 'help' || words[0] === '?') return this.help(context, words.slice(1));
    const command = this.#find(words);
    if (command === undefined) return isRestricted(words, context) ? DENIED : this.#unknown(context, words);
    if (!allows(context.level, command.level)) return DENIED;
    return command.run(context, words.slice(command.words.length));
  }

  /** `help [word …]`: every command of this level, or those that begin with the words. */
  help(context: CommandContext, words: readonly string[]): string {
    const visible = this.#visible(context);
    const matching =
      words.length === 0
        ? visible
        : visible.filter((command) => words.every((word, index) => command.words[index]?.startsWith(word)));
    if (matching.length === 0) return this.#unknown(context, words);
    return `The following commands are valid at this level:\n${matching.map(helpLine).join('')}${BUILT_IN_HELP}`;
  }

  #find(words: readonly string[]): Command | undefined {
    let best: Command | undefined;
    for (const command of this.#commands) {
      if (
        command.words.length > (best?.words.length ?? 0) &&
        command.words.every((word, index) => words[index] === word)
      )
        best = command;
    }
    return best;
  }

  #visible(context: CommandContext): readonly Command[] {
    return this.#commands.filter((command) => !BUILT_INS.has(command.words[0]) && allows(context.level, command.level));
  }

  #listing(context: CommandContext): string {
    return `Unknown command. Please enter one of the following commands only:\n${this.#visible(context).map(helpLine).join('')}${BUILT_IN_HELP}`;
  }

  #unknown(context: CommandContext, words: readonly string[]): string {
    const visible = this.#visible(context);
    const sameStart = visible.filter((command) => command.words[0] === words[0]);
    const near = sameStart.length > 0 ? sameStart : visible.filter((command) => isNear(command.words[0], words[0]));
    if (near.length === 0) return this.#listing(context);
    return `Unknown command, but maybe one of the following ones is a better match:\n${near.map(helpLine).join('')}${BUILT_IN_HELP}`;
  }
}

const DENIED = 'Permission denied\n';

/**
 * Commands of HAProxy that change things or show other people's traffic (management manual, section 9.3): below the level that
 * they need, they are denied whether they exist here or not, so that scripts see the same answer.
 */
const RESTRICTED: readonly (readonly [level: Level, ...words: string[]])[] = [
  ['operator', 'show', 'sess'],
  ['operator', 'show', 'errors'],
  ['operator', 'show', 'activity'],
  ['operator', 'show', 'fd'],
  ['admin', 'disable'],
  ['admin', 'enable'],
  ['admin', 'shutdown'],
  ['admin', 'add', 'server'],
  ['admin', 'del', 'server'],
  ['admin', 'set', 'server'],
  ['admin', 'set', 'weight'],
  ['admin', 'set', 'maxconn'],
  ['admin', 'set', 'rate-limit'],
  ['admin', 'clear', 'counters', 'all'],
];

function isRestricted(words: readonly string[], context: CommandContext): boolean {
  return RESTRICTED.some(
    ([level, ...start]) => start.every((word, index) => words[index] === word) && !allows(context.level, level),
  );
}

const BUILT_INS: ReadonlySet<string> = new Set(['prompt', 'quit']);

const BUILT_IN_HELP =
  '  help [<command>]                        : list matching or all commands\n' +
  '  prompt                                  : toggle interactive mode with prompt\n' +
  '  quit                                    : disconnect\n';

/** Whether two words share their first letters or differ by little: enough to suggest one for the other. */
function isNear(known: string, typed: string): boolean {
  if (known.startsWith(typed) || typed.startsWith(known)) return true;
  const letters = new Set(known);
  let common = 0;
  for (const letter of typed) if (letters.has(letter)) common++;
  return Math.abs(known.length - typed.length) <= 1 && common >= Math.min(known.length, typed.length) - 1;
}
