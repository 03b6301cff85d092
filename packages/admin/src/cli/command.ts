/**
 * What a command of the runtime socket is (management manual, section 9.3). A command is its words, the line that `help`
 * prints for it, the level that it needs, and a function from its arguments to the answer.
 */

import type { Runtime } from '../runtime.ts';

export type Level = 'user' | 'operator' | 'admin';

/** `severity-output`: whether messages say how grave they are, and how (configuration manual, section 5.1). */
export type SeverityOutput = 'none' | 'number' | 'string';

/** What a command may see and change of the connection that it came by. */
export interface CommandContext {
  readonly runtime: Runtime;
  /** Who asks, as `show config diff` names it: the socket that the command came by. */
  readonly origin: string;
  level: Level;
  interactive: boolean;
  /** Before the `>` of the prompt: on the master's socket, whom commands go to. */
  promptName: string;
  /** Set by `quit`: the connection ends when what was answered has left. */
  leaving: boolean;
  severityOutput: SeverityOutput;
  /** `expert-mode on`, `experimental-mode on`. */
  isExpert: boolean;
  isExperimental: boolean;
  /** Silence after which the connection is closed: `stats timeout`, until `set timeout cli` changes it for this connection; 0: none. */
  timeoutMs: number;
  /** Whether the conversation ends, where it is not interactive, when what was sent at once is answered: not on the master's socket. */
  readonly endsAlone: boolean;
  /** What followed the line after `<<`, without the empty line that ends it; undefined where nothing did. */
  payload: string | undefined;
}

/** The context of a new connection. */
export function newContext(
  runtime: Runtime,
  origin: string,
  level: Level,
  {
    severityOutput = 'none',
    timeoutMs = 10_000,
    endsAlone = true,
  }: Partial<Pick<CommandContext, 'severityOutput' | 'timeoutMs' | 'endsAlone'>> = {},
): CommandContext {
  return {
    runtime,
    origin,
    level,
    interactive: false,
    promptName: '',
    leaving: false,
    severityOutput,
    isExpert: false,
    isExperimental: false,
    timeoutMs,
    endsAlone,
    payload: undefined,
  };
}

/** Severities of RFC 5424 that answers have. */
export const Severity = { alert: 1, error: 3, warning: 4, notice: 5, info: 6 } as const;

/** A sentence to the user, which carries its severity where the connection asked for that. */
export class Message {
  readonly severity: number;
  /** Lines, each ended by a line feed. */
  readonly text: string;

  constructor(severity: number, text: string) {
    this.severity = severity;
    this.text = text;
  }
}

/** Not even the blank line that ends an answer: the master's socket obeys some commands without a word. */
export const NO_ANSWER = new Message(Severity.info, '');

/** Something is wrong with the command, or it cannot be done. */
export const fault = (text: string): Message => new Message(Severity.error, text);

/**
 * An answer that is made while it is read: the next piece is asked for when the client has room for it, so that an answer
 * of any length takes little memory and no other connection waits for it. Whoever makes the pieces must expect that the
 * configuration changes between two of them. An iterator is told by `return()` when nobody listens any more.
 */
export class Stream {
  readonly pieces: Iterable<string> | AsyncIterable<string>;
  /** Whatever the client sends ends the answer, and is discarded (`show events -w`). */
  readonly endsOnInput: boolean;

  constructor(pieces: Iterable<string> | AsyncIterable<string>, endsOnInput = false) {
    this.pieces = pieces;
    this.endsOnInput = endsOnInput;
  }
}

/** Data, a sentence, or data in pieces; an empty string is success without a word. Text has lines, each ended by a line feed. */
export type Reply = string | Message | Stream;

/** A reply, or the promise of it where other threads have to be asked. */
export type Answer = Reply | Promise<Reply>;

export interface Command {
  /** The words that select it: a line whose first words equal these. */
  readonly words: readonly string[];
  /** What follows the words, as help shows it: `[<backend>]`. */
  readonly parameters: string;
  /** Undefined keeps it out of the help, as HAProxy keeps its modes. */
  readonly help: string | undefined;
  readonly level: Level;
  /** It answers only where something is wrong: its plain strings are faults. */
  readonly isSilent?: true;
  /** Only in the mode that `expert-mode on` or `experimental-mode on` enters. */
  readonly mode?: 'expert' | 'experimental';
  /** The blank line that ends an answer is the session's. A promise that rejects is answered as an internal error. */
  run(context: CommandContext, parameters: readonly string[]): Answer;
}

const RANK: Readonly<Record<Level, number>> = { user: 0, operator: 1, admin: 2 };

export function allows(have: Level, need: Level): boolean {
  return RANK[have] >= RANK[need];
}

/** One line of help: the command padded to the column where HAProxy's explanations begin. */
export function helpLine(command: Command): string {
  const usage = [...command.words, command.parameters].filter((word) => word !== '').join(' ');
  return `  ${usage.padEnd(40)}: ${command.help ?? ''}\n`;
}
