/** What the process says on its terminal, in HAProxy's form, which scripts look for. Silent where `-q` or `quiet` asks for it. */

import { writeSync } from 'node:fs';
import { printableText } from '@evenkeel/config/render';

export type TerminalLevel = 'notice' | 'warning' | 'alert';

const LABELS: Readonly<Record<TerminalLevel, string>> = {
  notice: '[NOTICE]   ',
  warning: '[WARNING]  ',
  alert: '[ALERT]    ',
};

/** What is kept of one load of a configuration; a file of 50,000 lines can have a finding on each. */
const MAX_RECORD = 1 << 20;

export class Terminal {
  #quiet: boolean;
  #record = '';
  #isRecording = true;

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  /** One line: `[ALERT]    (123) : text`. What it names (files, hosts) may hold control characters, which are escaped. */
  say(level: TerminalLevel, text: string): void {
    this.write(`${LABELS[level]}(${process.pid}) : ${printableText(text)}\n`);
  }

  /** Text as it stands (latin1, as configurations are read), to standard error. */
  write(text: string): void {
    this.note(text);
    if (!this.#quiet) writeAll(2, text);
  }

  /** What another process has shown already: it is only kept. */
  note(text: string): void {
    if (this.#isRecording && this.#record.length < MAX_RECORD) this.#record += text;
  }

  /** `quiet`: nothing more is shown; what is said goes on being kept. */
  hush(): void {
    this.#quiet = true;
  }

  /** From here on until `endRecord` everything is kept: a configuration is being loaded. The first record begins with the process. */
  beginRecord(): void {
    this.#record = '';
    this.#isRecording = true;
  }

  endRecord(): void {
    this.#isRecording = false;
  }

  /** What was said during the last load (`show startup-logs`). */
  get record(): string {
    return this.#record;
  }

  /** An answer to what was asked: to standard output. */
  answer(text: string): void {
    if (!this.#quiet) writeAll(1, text);
  }
}

/** Writes all of it before it returns: what is said last must not be lost by an exit. A closed or full terminal is no error. */
function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  try {
    for (let offset = 0; offset < bytes.length;) offset += writeSync(descriptor, bytes, offset);
  } catch {
    // Nobody reads there.
  }
}
