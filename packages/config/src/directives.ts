/**
 * The lines that begin with a dot: conditional blocks and messages (manual section 2.4). Keeps the stack of open blocks of one
 * file and says which lines count.
 */

import { evaluateCondition, type ConditionFacts } from './conditions.ts';
import type { Line } from './cursor.ts';
import type { Diagnostics, Severity } from './diagnostic.ts';
import type { Position } from './model.ts';

/** HAProxy's MAXNESTEDCONDS. */
const MAX_NESTED = 100;

/** `seeking`: no branch was true yet; `taken`: this one is; `done`: an earlier one was, or the block is void. */
type BlockState = 'taken' | 'seeking' | 'done';

interface Block {
  state: BlockState;
  elseSeen: boolean;
  readonly at: Position;
}

const MESSAGES: Readonly<Record<string, Severity>> = {
  '.alert': 'alert',
  '.warning': 'warning',
  '.notice': 'notice',
  '.diag': 'diag',
};

const DIRECTIVES = ['.if', '.elif', '.else', '.endif', ...Object.keys(MESSAGES)];

export class Directives {
  private readonly blocks: Block[] = [];
  private readonly facts: ConditionFacts;
  private readonly diagnostics: Diagnostics;

  constructor(facts: ConditionFacts, diagnostics: Diagnostics) {
    this.facts = facts;
    this.diagnostics = diagnostics;
  }

  /** Whether ordinary lines are to be read at this point. */
  get reading(): boolean {
    return this.blocks.length === 0 || this.blocks.at(-1)!.state === 'taken';
  }

  /** Handles a line whose first word begins with a dot. */
  handle(line: Line): void {
    const word = line.words[0];
    switch (word) {
      case '.if':
        return this.open(line);
      case '.elif':
        return this.elseIf(line);
      case '.else':
        return this.otherwise(line);
      case '.endif':
        return this.close(line);
      default: {
        if (!this.reading) return;
        const severity = Object.hasOwn(MESSAGES, word) ? MESSAGES[word] : undefined;
        if (severity === undefined) this.unknown(line, word);
        else this.message(line, severity);
      }
    }
  }

  /** At the end of a file, where every block must be closed. */
  endFile(): void {
    const open = this.blocks.at(-1);
    if (open !== undefined)
      this.diagnostics.alert("non-terminated '.if' block.", open.at, {
        form: 'tight',
        length: 3,
        remedy: "close the block with '.endif' in the same file",
      });
    this.blocks.length = 0;
  }

  private open(line: Line): void {
    const at = position(line, 0);
    if (this.blocks.length >= MAX_NESTED - 1) {
      this.alert(line, `too many nested '.if', max is ${MAX_NESTED}.`, 0, "join conditions with '&&'");
      this.blocks.push({ state: 'done', elseSeen: false, at });
      return;
    }
    this.blocks.push({ state: this.reading ? this.evaluate(line) : 'done', elseSeen: false, at });
  }

  private elseIf(line: Line): void {
    const block = this.current(line);
    if (block === undefined) return;
    if (block.elseSeen) this.alert(line, "'.elif' after '.else' is not permitted.", 0, "put it before '.else'");
    block.state = block.state === 'seeking' ? this.evaluate(line) : 'done';
  }

  private otherwise(line: Line): void {
    const block = this.current(line);
    if (block === undefined) return;
    this.noArgument(line);
    if (block.elseSeen)
      this.alert(line, "'.else' after '.else' is not permitted.", 0, "write '.elif' for the first one");
    block.elseSeen = true;
    block.state = block.state === 'seeking' ? 'taken' : 'done';
  }

  private close(line: Line): void {
    if (this.current(line) === undefined) return;
    this.noArgument(line);
    this.blocks.pop();
  }

  private current(line: Line): Block | undefined {
    const block = this.blocks.at(-1);
    if (block === undefined) {
      const remedy = "remove it, or open the block with '.if'";
      this.alert(line, `lone '${line.words[0]}' with no matching '.if'.`, 0, remedy);
    }
    return block;
  }

  private noArgument(line: Line): void {
    if (line.words.length <= 1) return;
    this.alert(line, `Unexpected argument '${line.words[1]}' for '${line.words[0]}'.`, 1, 'remove it');
  }

  /** After an error no branch of the block is read: which one was meant is not known. */
  private evaluate(line: Line): BlockState {
    const text = line.words.slice(1).join(' ');
    const result = evaluateCondition(text, this.facts);
    if (result.ok) return result.value ? 'taken' : 'seeking';
    this.diagnostics.alert(
      `${result.message} in '${line.words[0]}' at position ${result.offset + 1}:`,
      offsetPosition(line, result.offset),
      { form: 'tight', expected: 'a condition, as defined(NAME), streq("$NAME",text) or version_atleast(2.6)' },
    );
    return 'done';
  }

  private message(line: Line, severity: Severity): void {
    if (line.words.length > 2) {
      const text = `Unexpected argument '${line.words[2]}' for '${line.words[0]}'. Use quotes if the message should contain spaces.`;
      this.alert(line, text, 2, 'put the message in quotes');
      return;
    }
    this.diagnostics.add(severity, `'${line.words[1] ?? ''}'.`, position(line, 0), {
      form: 'tight',
      length: line.words[0].length,
    });
  }

  private unknown(line: Line, word: string): void {
    this.diagnostics.alert(`unknown directive '${word}'.`, position(line, 0), {
      form: 'tight',
      length: word.length,
      nearest: this.diagnostics.nearest(word, DIRECTIVES),
      expected: DIRECTIVES.join(', '),
    });
  }

  private alert(line: Line, message: string, index: number, remedy: string): void {
    const length = line.words[index]?.length ?? 1;
    this.diagnostics.alert(message, position(line, index), { form: 'tight', length, remedy });
  }
}

function position(line: Line, index: number): Position {
  return { file: line.file, line: line.number, column: line.columns[index] ?? line.endColumn };
}

/** Place of an offset in the condition's text, which is the words joined by single blanks. */
function offsetPosition(line: Line, offset: number): Position {
  let rest = offset;
  for (let index = 1; index < line.words.length; index++) {
    const length = line.words[index].length;
    if (rest < length || index === line.words.length - 1) {
      return { file: line.file, line: line.number, column: line.columns[index] + Math.min(rest, length) };
    }
    rest -= length + 1;
    if (rest < 0) rest = 0;
  }
  return position(line, 1);
}
