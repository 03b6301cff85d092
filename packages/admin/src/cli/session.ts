/**
 * One connection to the runtime socket, without I/O: commands in, answers out (management manual, section 9.3). Not
 * interactive, it answers what was sent at once and leaves; after `prompt` it answers until `quit`. It reads a command only
 * when the one before is answered and makes an answer only as fast as the client reads it, so neither side of a
 * connection holds more than a buffer of it.
 */

import { SYSLOG_LEVELS } from '@evenkeel/config/syslog';
import { splitCommand } from './words.ts';
import type { CommandInterpreter } from './interpreter.ts';
import { Message, NO_ANSWER, Severity, Stream } from './command.ts';
import type { CommandContext, Reply, SeverityOutput } from './command.ts';

/** What a session asks of its connection. */
export interface Channel {
  /** What the client sent next, as latin1; undefined once it will send no more. */
  read(): Promise<string | undefined>;
  /** Whether something was sent that nobody has read yet. */
  readonly hasInput: boolean;
  /**
   * Resolves once the client has sent something that nobody has read yet, or is gone; with false when nothing has moved for as
   * long as the client may be silent.
   */
  waitForInput(): Promise<boolean>;
  /** Sends, as latin1; resolves when there is room for more, with false once the client is gone. */
  write(text: string): Promise<boolean>;
  /**
   * Closes the connection of a client that keeps the session waiting for that long: for a command, or for room for an answer. 0:
   * it may. Time that an answer takes to be made is not the client's.
   */
  limitSilence(timeoutMs: number): void;
}

/** HAProxy reads a command into one buffer of tune.bufsize, its end included. */
const DEFAULT_LIMIT = 16_384;
/** What is collected of an answer before it is sent: enough that a system call pays, little enough to be done at once. */
const PIECE = 16_384;
/** At the end of a line: what follows up to an empty line belongs to the command. A word that it is glued to keeps it. */
const PAYLOAD = '<<';

export class CliSession {
  readonly context: CommandContext;
  readonly #interpreter: CommandInterpreter;
  readonly #channel: Channel;
  readonly #limit: number;
  #pending = '';
  #hasEnded = false;
  /** There were no news for as long as the client may be silent: the answer ends, and the conversation. */
  #isSilent = false;

  /** `limit`: the longest command with its payload, bytes. */
  constructor(interpreter: CommandInterpreter, context: CommandContext, channel: Channel, limit = DEFAULT_LIMIT) {
    this.#interpreter = interpreter;
    this.context = context;
    this.#channel = channel;
    this.#limit = limit;
  }

  /** Resolves when the connection is to be closed: everything that was answered has been handed to the channel. */
  async converse(): Promise<void> {
    this.#channel.limitSilence(this.context.timeoutMs);
    for (;;) {
      let command = await this.#command();
      if (command === undefined) return;
      let payload: string | undefined;
      if (command.endsWith(PAYLOAD)) {
        payload = await this.#payload(command.length);
        if (payload === undefined) return;
        if (/[ \t]<<$/.test(command)) command = command.slice(0, -PAYLOAD.length);
      }
      this.context.payload = payload;
      const reply = await this.#answer(command);
      const rest = await this.#send(reply);
      if (rest === undefined) return;
      const { context } = this;
      if (context.leaving) {
        if (rest !== '') await this.#channel.write(rest);
        return;
      }
      this.#channel.limitSilence(context.timeoutMs);
      // Every answer, an empty one too, ends with a blank line, or with the prompt in its place.
      const end = reply === NO_ANSWER ? '' : '\n';
      const prompt = context.interactive ? `${context.promptName}> ` : '';
      const text = rest + end + prompt;
      if ((text !== '' && !(await this.#channel.write(text))) || this.#isSilent) return;
      if (context.endsAlone && !context.interactive && this.#pending === '' && !this.#channel.hasInput) return;
    }
  }

  /** The next command, without what ends it; undefined where there is none: at the end, or because it is too long. */
  async #command(): Promise<string | undefined> {
    for (;;) {
      const split = splitCommand(this.#pending);
      if (split !== undefined) {
        this.#pending = this.#pending.slice(split.length);
        return split.length >= this.#limit ? undefined : split.command;
      }
      if (!(await this.#more(0))) return undefined;
    }
  }

  async #payload(before: number): Promise<string | undefined> {
    let payload = '';
    if (this.context.interactive && !(await this.#channel.write('+ '))) return undefined;
    for (;;) {
      const end = this.#pending.indexOf('\n');
      if (end >= 0) {
        const line = withoutReturn(this.#pending.slice(0, end));
        this.#pending = this.#pending.slice(end + 1);
        if (line === '') return payload;
        payload += `${line}\n`;
        if (before + payload.length > this.#limit) return undefined;
        if (this.context.interactive && !(await this.#channel.write('+ '))) return undefined;
      } else if (!(await this.#more(before + payload.length))) return undefined;
    }
  }

  /** Takes what the client sends next; false where that is nothing, or more than a command may have. */
  async #more(before: number): Promise<boolean> {
    if (this.#hasEnded || before + this.#pending.length >= this.#limit) return false;
    const text = await this.#channel.read();
    if (text === undefined) {
      this.#hasEnded = true;
      return false;
    }
    this.#pending += text;
    return true;
  }

  async #answer(command: string): Promise<Reply> {
    try {
      return await this.#interpreter.answer(this.context, command);
    } catch (error) {
      // A data thread that ended while it was asked; whatever it is, the process goes on and the user learns of it.
      return internalError(error);
    }
  }

  /** Sends all but the last piece of an answer, which it returns; undefined once the client is gone. */
  async #send(reply: Reply): Promise<string | undefined> {
    if (reply instanceof Stream) return await this.#sendPieces(reply);
    return reply instanceof Message ? withSeverity(reply, this.context.severityOutput) : reply;
  }

  async #sendPieces({ pieces, endsOnInput }: Stream): Promise<string | undefined> {
    const iterator = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
    let isOver = false;
    const interrupted = endsOnInput ? this.#interrupted(() => isOver) : undefined;
    let collected = '';
    try {
      for (;;) {
        const next = iterator.next();
        // What is there at once is collected; before anything that has to be waited for, it leaves.
        const isWaited = next instanceof Promise;
        if (isWaited && collected !== '') {
          if (!(await this.#channel.write(collected))) return undefined;
          collected = '';
        }
        const result = isWaited && interrupted !== undefined ? await Promise.race([next, interrupted]) : await next;
        if (result === INTERRUPTED || result.done === true) break;
        collected += result.value;
        if (collected.length < PIECE) continue;
        if (!(await this.#channel.write(collected))) return undefined;
        collected = '';
      }
    } catch (error) {
      collected += withSeverity(internalError(error), this.context.severityOutput);
    } finally {
      isOver = true;
      // One that still waits for its next piece answers when it has it; nobody is kept waiting for that.
      void iterator.return?.();
    }
    return collected;
  }

  /** What comes after an answer has ended by itself is a command again. */
  async #interrupted(isOver: () => boolean): Promise<typeof INTERRUPTED> {
    const isSilent = this.#pending === '' && !(await this.#channel.waitForInput());
    if (isOver()) return INTERRUPTED;
    this.#isSilent = isSilent;
    if (this.#channel.hasInput) await this.#channel.read();
    this.#pending = '';
    return INTERRUPTED;
  }
}

const internalError = (error: unknown): Message =>
  new Message(Severity.error, `Internal error: ${error instanceof Error ? error.message : String(error)}\n`);

const INTERRUPTED = Symbol('the client wants no more of it');

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);

function withSeverity({ severity, text }: Message, output: SeverityOutput): string {
  switch (output) {
    case 'none':
      return text;
    case 'number':
      return `[${severity}]: ${text}`;
    case 'string':
      return `[${SYSLOG_LEVELS[severity]}]: ${text}`;
  }
}
