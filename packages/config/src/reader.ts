/**
 * Texts to statements: cuts files into lines, applies conditional blocks, opens sections and hands every statement to the
 * section in which it stands. Knows the names of the sections and nothing of their keywords.
 */

import { Cursor, type Line } from './cursor.ts';
import { Directives } from './directives.ts';
import type { Environment } from './environment.ts';
import type { ParseState } from './draft.ts';
import type { SectionKind, SectionSource, Statement } from './model.ts';
import { isSectionKind, SECTIONS } from './sections/kinds.ts';
import { openSection, type SectionReader } from './sections/open.ts';
import { toLine, tokenizeLine } from './tokenize.ts';
import { nearestWord } from './nearest.ts';

export interface InputFile {
  /** As given on the command line, or directory and entry. */
  readonly name: string;
  /** Bytes as latin1. */
  readonly text: string;
}

export class Reader {
  readonly sources: SectionSource[] = [];
  private readonly state: ParseState;
  private readonly environment: Environment;
  private section: SectionReader | undefined;
  /** Of the section that is open: grows with each of its statements. */
  private statements: Statement[] = [];
  /** What was said of a word before any section, so that a headless file gives one finding and not one a line. */
  private outsideReported = false;

  constructor(state: ParseState, environment: Environment) {
    this.state = state;
    this.environment = environment;
  }

  read(input: InputFile): void {
    const { environment, state } = this;
    const { name, text } = input;
    const directives = new Directives(
      {
        version: state.host.version,
        opensslVersion: state.host.opensslVersion,
        features: state.host.features,
        lookUp: (variable) => environment.variables.get(variable),
      },
      state.diagnostics,
    );
    environment.file = name;
    state.defaultPath.enter(name);
    this.outsideReported = false;
    let number = 0;
    for (let start = 0; start < text.length;) {
      number++;
      const end = text.indexOf('\n', start);
      const line = text.slice(start, end < 0 ? text.length : end);
      environment.line = number;
      this.readLine(name, number, line, directives);
      if (end < 0) {
        state.diagnostics.alert(
          `Missing LF on last line, file might have been truncated at position ${line.length + 1}.`,
          { file: name, line: number, column: line.length + 1 },
          { form: 'tight', remedy: 'end the last line with a line feed' },
        );
        break;
      }
      start = end + 1;
    }
    directives.endFile();
  }

  /** After the last file. */
  end(): void {
    this.section?.end?.();
    this.section = undefined;
  }

  private readLine(file: string, number: number, text: string, directives: Directives): void {
    const { diagnostics } = this.state;
    const nul = text.indexOf('\0');
    if (nul >= 0) {
      diagnostics.alert(
        `Stray NUL character at position ${nul + 1}.`,
        { file, line: number, column: nul + 1 },
        { form: 'tight', remedy: 'save the file as plain text' },
      );
      return;
    }
    const tokens = tokenizeLine(text, this.environment.lookUp);
    if (tokens.error !== undefined) {
      const { column, message, remedy } = tokens.error;
      const sentence = message.startsWith('too many words') ? message : `${message} at position ${column}:`;
      diagnostics.alert(sentence, { file, line: number, column }, { form: 'tight', remedy });
      return;
    }
    const first = tokens.words[0];
    if (first === undefined || first === '') return;
    const line = toLine(file, number, tokens);
    if (first.startsWith('.')) directives.handle(line);
    else if (directives.reading) this.readStatement(line);
  }

  private readStatement(line: Line): void {
    const word = line.words[0];
    const cursor = new Cursor(line, this.state.diagnostics);
    if (isSectionKind(word)) {
      this.beginSection(cursor, word, line);
    } else if (this.section === undefined) {
      this.outside(cursor, word);
    } else {
      const meant = this.section.read(cursor);
      if (meant !== undefined) return this.beginMisspelt(meant, line);
      // After reading, so that what a reader put in place of a word is kept.
      this.statements.push({ words: line.words, at: cursor.start });
    }
  }

  /**
   * A head whose keyword was misspelt, which is reported: read as what it was meant to be, since the statements below it would
   * otherwise be taken for those of the section above.
   */
  private beginMisspelt(kind: SectionKind, line: Line): void {
    const repaired = { ...line, words: [kind, ...line.words.slice(1)] };
    this.beginSection(new Cursor(repaired, this.state.diagnostics), kind, repaired);
  }

  private beginSection(cursor: Cursor, kind: SectionKind, line: Line): void {
    this.section?.end?.();
    this.statements = [];
    const section = openSection(kind, cursor, this.state);
    this.section = section;
    this.environment.section = section.name === '' ? kind : section.name;
    this.sources.push({
      kind,
      name: section.name,
      from: section.from,
      at: { file: line.file, line: line.number, column: line.columns[0] },
      statements: this.statements,
    });
  }

  private outside(cursor: Cursor, word: string): void {
    if (this.outsideReported) return;
    const nearest = nearestWord(
      word,
      SECTIONS.map(({ name }) => name),
    );
    this.state.diagnostics.alert(`unknown keyword '${word}' out of section.`, cursor.position(), {
      form: 'tight',
      length: word.length,
      nearest,
      expected: 'a section: global, defaults, frontend, backend or listen',
    });
    if (nearest !== undefined && isSectionKind(nearest)) this.beginMisspelt(nearest, cursor.line);
    else this.outsideReported = true;
  }
}
