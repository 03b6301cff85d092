/**
 * One connection to the runtime socket, without I/O: bytes in, text out. Not interactive, it answers one line and leaves;
 * after `prompt` it answers until `quit` (management manual, section 9.3).
 */

import type { Interpreter } from './interpreter.ts';
import { splitCommands } from './interpreter.ts';
import type { CommandContext } from './command.ts';

/** Longest line: HAProxy reads a command into one buffer of tune.bufsize. */
const MAX_LINE = 16 * 1024;

export interface SessionOutput {
  readonly text: string;
  /** The connection is to be closed once the text has left. */
  readonly close: boolean;
}

export class CliSession {
  readonly context: CommandContext;
  readonly #interpreter: Interpreter;
  #pending = '';

  constructor(interpreter: Interpreter, context: CommandContext) {
    this.#interpreter = interpreter;
    this.context = context;
  }

  /** Takes what arrived (latin1) and returns what to send. */
  handle(text: string): SessionOutput {
    this.#pending += text;
    let out = '';
    for (;;) {
      const end = this.#pending.indexOf('\n');
      if (end < 0) break;
      const line = this.#pending.slice(0, end);
      this.#pending = this.#pending.slice(end + 1);
      out += this.#line(line);
      if (this.context.leaving || !this.context.interactive) return { text: out, close: true };
    }
    if (this.#pending.length > MAX_LINE) return { text: out, close: true };
    return { text: out, close: false };
  }

  /** The peer will send no more: a last line without its line feed still counts. */
  handleEnd(): SessionOutput {
    const line = this.#pending;
    this.#pending = '';
    return { text: line === '' ? '' : this.#line(line), close: true };
  }

  #line(line: string): string {
    let out = '';
    for (const command of splitCommands(line)) {
      const answer = this.#interpreter.answer(this.context, command);
      if (this.context.leaving) return out;
      // Every answer, an empty one too, ends with a blank line, or with the prompt in its place.
      out += this.context.interactive ? `${answer}\n> ` : `${answer}\n`;
    }
    return out;
  }
}
