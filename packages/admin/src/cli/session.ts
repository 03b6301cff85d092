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
  readonly #later: (output: SessionOutput) => void;
  #pending = '';
  /** Of the line that is being answered: commands that are still to come; undefined between lines. */
  #commands: string[] | undefined;
  /** A command is being answered: what comes meanwhile has to wait. */
  #isWaiting = false;
  #hasEnded = false;
  #isClosed = false;

  /** `later` gets the output that was not ready when `handle` returned. */
  constructor(interpreter: Interpreter, context: CommandContext, later: (output: SessionOutput) => void = () => {}) {
    this.#interpreter = interpreter;
    this.context = context;
    this.#later = later;
  }

  /** While it is true nothing should be handed in: an answer is under way, and what comes is only kept. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Takes what arrived (latin1) and returns what to send now. */
  handle(text: string): SessionOutput {
    this.#pending += text;
    return this.#proceed();
  }

  /** The peer will send no more: a last line without its line feed still counts. */
  handleEnd(): SessionOutput {
    this.#hasEnded = true;
    return this.#proceed();
  }

  #proceed(): SessionOutput {
    let text = '';
    while (!this.#isWaiting && !this.#isClosed) {
      this.#commands ??= this.#nextLine();
      if (this.#commands === undefined) {
        this.#isClosed = this.#hasEnded || this.#pending.length > MAX_LINE;
        break;
      }
      const command = this.#commands.shift();
      if (command === undefined) {
        this.#commands = undefined;
        if (!this.context.interactive) this.#isClosed = true;
        continue;
      }
      const answer = this.#interpreter.answer(this.context, command);
      if (typeof answer === 'string') text += this.#finish(answer);
      else this.#await(answer);
    }
    return { text, close: this.#isClosed };
  }

  #nextLine(): string[] | undefined {
    const end = this.#pending.indexOf('\n');
    if (end < 0 && (!this.#hasEnded || this.#pending === '')) return undefined;
    const line = end < 0 ? this.#pending : this.#pending.slice(0, end);
    this.#pending = end < 0 ? '' : this.#pending.slice(end + 1);
    return splitCommands(line);
  }

  #await(answer: Promise<string>): void {
    this.#isWaiting = true;
    void answer
      .catch((error: unknown) => `Internal error: ${error instanceof Error ? error.message : String(error)}\n`)
      .then((text) => {
        this.#isWaiting = false;
        const first = this.#finish(text);
        const rest = this.#proceed();
        this.#later({ text: first + rest.text, close: rest.close });
      });
  }

  /** Every answer, an empty one too, ends with a blank line, or with the prompt in its place. */
  #finish(answer: string): string {
    if (this.context.leaving) {
      this.#isClosed = true;
      return '';
    }
    return this.context.interactive ? `${answer}\n> ` : `${answer}\n`;
  }
}
