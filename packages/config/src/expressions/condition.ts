/**
 * Conditions (manual section 7.2): `if` and `unless` with named and anonymous ACLs in disjunctive form. An ACL that can never match
 * where the condition stands is a warning, as in HAProxy, since the rule is then dead but harmless.
 */

import type { Cursor } from '../cursor.ts';
import type { MessageForm } from '../diagnostic.ts';
import type { Acl, AclTest, Condition, ConditionLeaf } from '../expression-model.ts';
import type { ExpressionScope } from '../expression-scope.ts';
import { parseTests, predefinedAcl, type MutableAcl } from './acl.ts';
import { PREDEFINED_ACLS } from './acl-keywords.ts';
import { FETCHES } from './fetches.ts';
import { placeMask, placeName } from './places.ts';

export interface ConditionSentences {
  /** Around an error inside the condition. */
  readonly error: (message: string) => string;
  /** For a word that is neither `if` nor `unless`. */
  readonly unexpected: (word: string) => string;
  /** How the line of `unexpected` begins, where not as usual. */
  readonly unexpectedForm?: MessageForm;
}

/** HAProxy's sentences for a rule of `what`: "http-request deny". */
export function ruleSentences(what: string): ConditionSentences {
  return {
    error: (message) => `error detected while parsing an '${what}' condition : ${message}.`,
    unexpected: (word) => `'${what}' expects either 'if' or 'unless' followed by a condition but found '${word}'.`,
    unexpectedForm: 'tight',
  };
}

/** `if …` or `unless …` up to the end of the line; undefined where the line has ended already. */
export function parseCondition(
  cursor: Cursor,
  scope: ExpressionScope,
  sentences: ConditionSentences = ruleSentences(cursor.keyword),
): Condition | undefined {
  const word = cursor.peek();
  if (word === undefined || word === '') return undefined;
  if (word !== 'if' && word !== 'unless') {
    cursor.fail(sentences.unexpected(word), {
      expected: "'if' or 'unless' and a condition",
      form: sentences.unexpectedForm ?? cursor.form,
    });
  }
  cursor.index++;
  const text = cursor.line.words.slice(cursor.index).join(' ');
  const terms = new ConditionReader(cursor, scope, sentences).read();
  return { negate: word === 'unless', terms, text };
}

/** One by one: a list of all names for every error would make many errors slow. */
function* aclNames(scope: ExpressionScope): Generator<string> {
  yield* scope.acls.keys();
  yield* PREDEFINED_ACLS.keys();
}

class ConditionReader {
  private readonly cursor: Cursor;
  private readonly scope: ExpressionScope;
  private readonly sentences: ConditionSentences;
  private readonly terms: ConditionLeaf[][] = [];
  private term: ConditionLeaf[] | undefined = undefined;
  private negate = false;

  constructor(cursor: Cursor, scope: ExpressionScope, sentences: ConditionSentences) {
    this.cursor = cursor;
    this.scope = scope;
    this.sentences = sentences;
  }

  read(): ConditionLeaf[][] {
    const { cursor } = this;
    while (!cursor.atEnd) {
      const index = cursor.index;
      const word = this.stripNegation(cursor.next()!);
      // A lone exclamation mark negates what follows.
      if (word === '') continue;
      if (word === '||' || word.toLowerCase() === 'or') {
        this.term = undefined;
        this.negate = false;
      } else if (word === '{') this.readAnonymous();
      else this.readNamed(word, index);
    }
    return this.terms;
  }

  private stripNegation(word: string): string {
    let rest = word;
    while (rest.startsWith('!')) {
      this.negate = !this.negate;
      rest = rest.slice(1);
    }
    return rest;
  }

  private add(leaf: ConditionLeaf): void {
    if (this.term === undefined) {
      this.term = [];
      this.terms.push(this.term);
    }
    this.term.push(leaf);
    this.negate = false;
  }

  private readAnonymous(): void {
    const { cursor, scope, sentences } = this;
    const open = cursor.index - 1;
    const end = cursor.line.words.indexOf('}', cursor.index);
    if (end < 0)
      cursor.failAt(open, sentences.error("missing closing '}' in condition"), {
        expected: "'}' after a blank, at the end of this test",
      });
    const tests = parseTests(cursor, scope, end, { aclName: '', sentence: sentences.error });
    cursor.index = end + 1;
    this.warnIfDead('', tests, open);
    const [test] = tests as [AclTest, ...AclTest[]];
    if (tests.length === 1) this.add({ kind: 'anonymous', negate: this.negate, test });
    else this.add({ kind: 'acl', negate: this.negate, acl: { name: '', tests } });
  }

  private readNamed(name: string, index: number): void {
    const { cursor, scope, sentences } = this;
    const acl: Acl | undefined = scope.acls.get(name) ?? predefinedAcl(name, scope, cursor.position(index));
    if (acl === undefined) {
      this.cursor.failAt(index, sentences.error(`no such ACL : '${name}'`), {
        expected: name.startsWith('{') ? "a blank after '{'" : 'the name of an ACL that was declared before',
        nearest: scope.diagnostics.nearest(name, aclNames(scope)),
      });
    }
    this.warnIfDead(name, (acl as MutableAcl).tests, index);
    this.add({ kind: 'acl', negate: this.negate, acl });
  }

  /** HAProxy's warnings about samples that do not exist where the condition is evaluated. */
  private warnIfDead(name: string, tests: readonly AclTest[], index: number): void {
    const { cursor, scope } = this;
    const where = placeMask(scope.place, scope.proxyKind);
    // Zero: a rule that this kind of proxy never evaluates, which was said.
    if (where === undefined || where === 0) return;
    const dead = tests.filter((test) => ((FETCHES.get(test.expression.fetch.name)?.places ?? -1) & where) === 0);
    const [first] = dead;
    if (first === undefined) return;
    const keyword = first.expression.text.split(/[(,]/)[0];
    const place = `'${placeName(where)}'`;
    const phase = scope.place.startsWith('tcp-') ? ` in '${scope.place}'` : '';
    const message =
      name === ''
        ? `anonymous acl will never match${phase} because it uses keyword '${keyword}' which is incompatible with ${place}`
        : dead.length === tests.length
          ? `acl '${name}' will never match${phase} because it only involves keywords that are incompatible with ${place}`
          : `acl '${name}' involves ${phase === '' ? 'keywords' : 'keyword'} '${keyword}' which is incompatible with ${place}`;
    cursor.diagnostics.warning(message, cursor.position(index), { length: cursor.line.words[index].length });
  }
}
