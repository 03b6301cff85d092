/**
 * ACLs (manual section 7.1): criterion, flags, operators and patterns to tests, and the declaration `acl NAME …`. What `-f`
 * names is read through the host.
 */

import type { Cursor } from '../cursor.ts';
import type { Acl, AclTest, Expression, MatchMethod } from '../expression-model.ts';
import type { ExpressionScope } from '../expression-scope.ts';
import { nearestWord } from '../nearest.ts';
import { ACL_KEYWORDS, PREDEFINED_ACLS } from './acl-keywords.ts';
import { readExpression, type ReadExpression } from './expression.ts';
import { failExpression, reportUnavailable, wordPlace } from './report.ts';
import { applyOperator, isIntegerOperator, readPattern, type IntegerOperator, type PatternResult } from './patterns.ts';
import { defaultMatch, matchable, MATCH_METHODS } from './sample-types.ts';
import { collectReferences } from './references.ts';

/** An ACL that later lines of the same name still extend; rules hold the same object. */
export interface MutableAcl extends Acl {
  readonly tests: AclTest[];
}

/** What follows `acl`. The result is also put in `scope.acls`. */
export function parseAcl(cursor: Cursor, scope: ExpressionScope): Acl {
  const name = cursor.word('a name, a criterion and patterns');
  const bad = /[^A-Za-z0-9_.:-]/.exec(name);
  if (bad !== null) {
    cursor.failLast(`character '${bad[0]}' is not permitted in acl name '${name}'.`, {
      expected: 'letters, digits, and the characters - _ . :',
    });
  }
  if (name.toLowerCase() === 'or') {
    cursor.failLast(
      `acl name '${name}' will never match. 'or' is used to express a logical disjunction within a condition.`,
      {
        expected: 'another name',
      },
    );
  }
  const tests = parseTests(cursor, scope, cursor.line.words.length, {
    aclName: name,
    sentence: (message) => `error detected while parsing ACL '${name}' : ${message}.`,
  });
  const acl = (scope.acls.get(name) as MutableAcl | undefined) ?? { name, tests: [] };
  acl.tests.push(...tests);
  scope.acls.set(name, acl);
  return acl;
}

export interface TestContext {
  /** Empty for an anonymous ACL. */
  readonly aclName: string;
  readonly sentence: (message: string) => string;
}

interface Flags {
  method: MatchMethod | undefined;
  ignoreCase: boolean;
  asMap: boolean;
  uniqueId: number | undefined;
  /** `-m` was given. */
  explicit: boolean;
}

/** Words of one criterion up to word `end`. More than one test comes of it where `-i` stands between files. */
export function parseTests(cursor: Cursor, scope: ExpressionScope, end: number, context: TestContext): AclTest[] {
  return new TestReader(cursor, scope, end, context).read();
}

class TestReader {
  private readonly cursor: Cursor;
  private readonly scope: ExpressionScope;
  private readonly end: number;
  private readonly context: TestContext;
  private readonly flags: Flags = {
    method: undefined,
    ignoreCase: false,
    asMap: false,
    uniqueId: undefined,
    explicit: false,
  };
  /** Patterns and files of the test being read, and tests that are complete. */
  private patterns: string[] = [];
  private files: string[] = [];
  private readonly tests: AclTest[] = [];
  private criterion!: ReadExpression;
  private criterionIndex = 0;

  constructor(cursor: Cursor, scope: ExpressionScope, end: number, context: TestContext) {
    this.cursor = cursor;
    this.scope = scope;
    this.end = end;
    this.context = context;
  }

  read(): AclTest[] {
    this.readCriterion();
    this.warnAboutPatterns();
    this.readFlags();
    const method = this.method();
    if (method === 'found' || method === 'bool') this.cursor.index = this.end;
    else this.readPatterns(method);
    this.close(method);
    return this.tests;
  }

  private get atEnd(): boolean {
    return this.cursor.index >= this.end;
  }

  private readCriterion(): void {
    const { cursor, context } = this;
    const word = this.atEnd ? '' : cursor.peek()!;
    this.criterionIndex = cursor.index;
    try {
      this.criterion = readExpression(word, 0, {
        alias: (name) => ACL_KEYWORDS.get(name)?.fetch,
        aliasNames: ACL_KEYWORDS.keys(),
      });
      this.requireWholeWord(word);
    } catch (error) {
      failExpression(error, cursor, cursor.index, (message) => context.sentence(criterionSentence(message, word)));
    }
    cursor.index++;
    reportUnavailable(this.criterion.unavailable, this.scope, wordPlace(cursor, this.criterionIndex));
    collectReferences(this.criterion.expression, this.scope, wordPlace(cursor, this.criterionIndex), 'ACL keyword');
    this.flags.method = this.impliedMethod(word);
  }

  private requireWholeWord(word: string): void {
    const rest = word.slice(this.criterion.next);
    if (rest === '') return;
    const name = /^[A-Za-z0-9_.+-]*/.exec(word)![0];
    this.cursor.fail(this.context.sentence(`ACL keyword '${name}' : missing comma after fetch keyword.`), {
      expected: "',' and a converter, or a blank",
    });
  }

  /** The criterion's own method counts only without converters; with them the type of the last one decides. */
  private impliedMethod(word: string): MatchMethod | undefined {
    const keyword = ACL_KEYWORDS.get(/^[A-Za-z0-9_.+-]*/.exec(word)![0]);
    if (keyword !== undefined && this.criterion.expression.converters.length === 0) return keyword.method;
    return defaultMatch(this.criterion.output);
  }

  /** HAProxy's two hints at likely mistakes. */
  private warnAboutPatterns(): void {
    const { cursor, context } = this;
    const word = cursor.line.words[this.criterionIndex];
    const next = this.atEnd ? undefined : cursor.peek();
    if ((next === undefined || next === '') && this.flags.method !== 'bool' && this.flags.method !== undefined) {
      cursor.warn(
        `parsing acl keyword '${word}' :\n` +
          '  no pattern to match against were provided, so this ACL will never match.\n' +
          "  If this is what you intended, please add '--' to get rid of this warning.\n" +
          "  If you intended to match only for existence, please use '-m found'.\n" +
          "  If you wanted to force an int to match as a bool, please use '-m bool'.",
        { form: 'plain' },
      );
    } else if (next?.startsWith('(') === true) {
      cursor.diagnostics.warning(
        `parsing acl '${context.aclName}' :\n` +
          `  matching '${word}' for pattern '${next}' is likely a mistake and probably\n` +
          "  not what you want. Maybe you need to remove the extraneous space before '('.\n" +
          "  If you are really sure this is not an error, please insert '--' between the\n" +
          '  match and the pattern to make this warning message disappear.',
        cursor.position(),
        { length: next.length, form: 'plain' },
      );
    }
  }

  private readFlags(): void {
    const { cursor, flags } = this;
    while (!this.atEnd && cursor.peek()!.startsWith('-')) {
      const word = cursor.next()!;
      switch (word) {
        case '--':
          return;
        case '-i':
          // The flag counts for what follows, so patterns loaded before it belong to a test of their own.
          if (!flags.ignoreCase && this.files.length > 0) this.close(this.method());
          flags.ignoreCase = true;
          break;
        case '-n':
          // Host names are never resolved in patterns, which is all that this flag asks for.
          break;
        case '-M':
          flags.asMap = true;
          break;
        case '-u':
          flags.uniqueId = this.readUniqueId();
          break;
        case '-f':
          this.readFile();
          break;
        case '-m':
          this.readMethod();
          break;
        default:
          this.failLast(
            `'${word}' is not a valid ACL option. Please use '--' before any pattern beginning with a '-'`,
            '-i, -n, -u, -M, -f, -m or --',
          );
      }
    }
  }

  private readUniqueId(): number {
    const word = this.atEnd ? '' : this.cursor.next()!;
    if (!/^[+-]?\d*$/.test(word)) this.failLast('the argument of -u must be an integer', 'an integer');
    return Number(word);
  }

  private readMethod(): void {
    const { cursor, flags } = this;
    if (this.files.length > 0)
      this.failLast(
        "'-m' must only be specified before patterns and files in parsing ACL expression",
        "'-m' before '-f'",
      );
    const word = this.atEnd ? '' : cursor.next()!;
    const method = MATCH_METHODS.find((known) => known === word);
    if (method === undefined) {
      const nearest = nearestWord(word, MATCH_METHODS);
      this.cursor.failLast(this.context.sentence(`unknown matching method '${word}' when parsing ACL expression`), {
        expected: MATCH_METHODS.join(', '),
        nearest,
      });
    }
    if (method !== 'found' && !matchable(this.criterion.output, method)) {
      const name = /^[A-Za-z0-9_.+-]*/.exec(cursor.line.words[this.criterionIndex])![0];
      this.failLast(
        `matching method '${method}' cannot be used with fetch keyword '${name}'`,
        'a method for the type of this sample',
      );
    }
    flags.method = method;
    flags.explicit = true;
  }

  private readFile(): void {
    const { cursor, scope, flags } = this;
    const path = this.atEnd ? '' : cursor.next()!;
    const method = this.method();
    const file = scope.host.readFile(path);
    if (!file.ok) this.failLast(`failed to open pattern file <${path}>`, `a file that can be read (${file.reason})`);
    this.files.push(path);
    if (method === 'found' || method === 'bool') return;
    let number = 0;
    for (const line of file.value.split('\n')) {
      number++;
      const text = /^[ \t]*([^\r]*)/.exec(line)![1];
      // A sharp begins a comment only as the first character of the line.
      if (text === '' || line.startsWith('#')) continue;
      const pattern = flags.asMap ? text.split(/[ \t]/, 1)[0] : text;
      const result = readPattern(pattern, method, flags);
      if (result.ok) this.patterns.push(result.text);
      else this.failLast(`${result.reason} at line ${number} of file '${path}'`, result.expected);
    }
  }

  private method(): MatchMethod {
    const { method } = this.flags;
    if (method !== undefined) return method;
    const name = /^[A-Za-z0-9_.+-]*/.exec(this.cursor.line.words[this.criterionIndex])![0];
    this.cursor.failAt(
      this.criterionIndex,
      this.context.sentence(
        `matching method must be specified first (using '-m') when using a sample fetch of this type ('${name}')`,
      ),
      { expected: `-m and one of ${MATCH_METHODS.join(', ')}` },
    );
  }

  private readPatterns(method: MatchMethod): void {
    const { cursor } = this;
    let operator: IntegerOperator = 'eq';
    while (!this.atEnd) {
      const word = cursor.next()!;
      // An empty word ends the list, as in HAProxy, whose own lists end so.
      if (word === '') {
        cursor.index = this.end;
        break;
      }
      if ((method === 'int' || method === 'len') && isIntegerOperator(word)) {
        operator = word;
        continue;
      }
      let result: PatternResult =
        method === 'int' || method === 'len' ? applyOperator(operator, word) : { ok: true, text: word };
      if (result.ok) result = readPattern(result.text, method, this.flags);
      if (result.ok) this.patterns.push(result.text);
      else this.failLast(result.reason, result.expected);
    }
  }

  private close(method: MatchMethod): void {
    const { criterion, flags, cursor } = this;
    this.tests.push({
      expression: criterion.expression,
      method,
      ignoreCase: flags.ignoreCase,
      patterns: this.patterns,
      files: this.files,
      at: cursor.position(this.criterionIndex),
      ...(flags.uniqueId === undefined ? {} : { uniqueId: flags.uniqueId }),
      ...(isMethodName(criterion.expression) && !flags.explicit ? { methodNames: true } : {}),
    });
    this.patterns = [];
    this.files = [];
  }

  private failLast(message: string, expected: string): never {
    this.cursor.failLast(this.context.sentence(message), { expected });
  }
}

function isMethodName(expression: Expression): boolean {
  return expression.fetch.name === 'method' && expression.converters.length === 0;
}

/** HAProxy words errors of plain fetches and of ACL keywords differently. */
function criterionSentence(message: string, word: string): string {
  const name = /^[A-Za-z0-9_.+-]*/.exec(word)![0];
  if (!ACL_KEYWORDS.has(name)) return `${message} in ACL expression '${word}'`;
  return `ACL keyword '${name}' : ${message.replace(/^fetch method '[^']*' : /, '')}`;
}

/** An ACL that exists without declaration, put in `scope.acls` on its first use so that all uses share it. */
export function predefinedAcl(name: string, scope: ExpressionScope, at: AclTest['at']): Acl | undefined {
  const text = PREDEFINED_ACLS.get(name);
  if (text === undefined) return undefined;
  const [criterion, ...patterns] = text.split(' ') as [string, ...string[]];
  const read = readExpression(criterion, 0, { alias: (word) => ACL_KEYWORDS.get(word)?.fetch });
  reportUnavailable(read.unavailable, scope, { at, length: name.length, exact: false });
  const method = ACL_KEYWORDS.get(/^[^(]*/.exec(criterion)![0])?.method ?? defaultMatch(read.output)!;
  const values = patterns[0] === 'gt' ? [`${Number(patterns[1]) + 1}:`] : patterns;
  const acl: MutableAcl = {
    name,
    tests: [
      {
        expression: read.expression,
        method,
        ignoreCase: false,
        patterns: values,
        files: [],
        at,
        ...(isMethodName(read.expression) ? { methodNames: true } : {}),
      },
    ],
  };
  scope.acls.set(name, acl);
  return acl;
}
