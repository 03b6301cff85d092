/**
 * What a command of the runtime socket is (management manual, section 9.3). A command is its words, the line that `help`
 * prints for it, the level that it needs, and a function from its arguments to the text of the answer.
 */

import type { Runtime } from '../runtime.ts';

export type Level = 'user' | 'operator' | 'admin';

/** What a command may see and change of the connection that it came by. */
export interface CommandContext {
  readonly runtime: Runtime;
  /** Who asks, as `show config diff` names it: the socket that the command came by. */
  readonly origin: string;
  level: Level;
  interactive: boolean;
  /** Set by `quit`: the connection ends when what was answered has left. */
  leaving: boolean;
}

export interface Command {
  /** The words that select it: a line whose first words equal these. */
  readonly words: readonly string[];
  /** What follows the words, as help shows it: `[<backend>]`. */
  readonly parameters: string;
  readonly help: string;
  readonly level: Level;
  /** Answers with lines, each ended by a line feed, or with nothing. The blank line that ends an answer is the session's. */
  run(context: CommandContext, parameters: readonly string[]): Answer;
}

/** Text, or the promise of it where other threads have to be asked. */
export type Answer = string | Promise<string>;

const RANK: Readonly<Record<Level, number>> = { user: 0, operator: 1, admin: 2 };

export function allows(have: Level, need: Level): boolean {
  return RANK[have] >= RANK[need];
}

/** One line of help: the command padded to the column where HAProxy's explanations begin. */
export function helpLine(command: Command): string {
  const usage = [...command.words, command.parameters].filter((word) => word !== '').join(' ');
  return `  ${usage.padEnd(40)}: ${command.help}\n`;
}
