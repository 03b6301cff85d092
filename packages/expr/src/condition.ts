/**
 * Conditions compiled (manual section 7.2). A named ACL is compiled once for all rules that use it. Two forms: a plain truth for rules that
 * see everything there is, and a verdict for content inspection, where a test may lack data and wait.
 */

import type { Acl, AclTest, Condition, ConditionLeaf, SampleType } from '@evenkeel/config';
import type { ExpressionEnvironment, SampleContext } from './context.ts';
import { compileExpression } from './expression.ts';
import { compileMatcher, compileMethodMatcher, type ValueTest } from './matchers.ts';

export type Predicate = (context: SampleContext) => boolean;

/** Outcome of a test while more data may come: undecided means "ask again later". */
export type Verdict = boolean | undefined;

/** A test in both forms. `pending` is absent where the answer never waits. */
interface CompiledTest {
  readonly test: Predicate;
  readonly pending: Predicate | undefined;
}

export class ConditionCompiler {
  private readonly environment: ExpressionEnvironment;
  private readonly acls = new WeakMap<Acl, readonly CompiledTest[]>();
  private readonly predicates = new WeakMap<Acl, Predicate>();

  constructor(environment: ExpressionEnvironment) {
    this.environment = environment;
  }

  predicate(condition: Condition | undefined): Predicate | undefined {
    if (condition === undefined) return undefined;
    const terms = condition.terms.map((term) => allOf(term.map((leaf) => this.leaf(leaf))));
    const any = anyOf(terms);
    return condition.negate ? not(any) : any;
  }

  inspection(condition: Condition | undefined): ((context: SampleContext) => Verdict) | undefined {
    if (condition === undefined) return undefined;
    const terms = condition.terms.map((term) => term.map((leaf) => this.verdictLeaf(leaf)));
    const { negate } = condition;
    return (context) => {
      const verdict = anyVerdict(terms, context);
      return verdict === undefined || !negate ? verdict : !verdict;
    };
  }

  private leaf(leaf: ConditionLeaf): Predicate {
    const test = leaf.kind === 'anonymous' ? this.compileTest(leaf.test).test : this.namedPredicate(leaf.acl);
    return leaf.negate ? not(test) : test;
  }

  private namedPredicate(acl: Acl): Predicate {
    let predicate = this.predicates.get(acl);
    if (predicate === undefined) {
      predicate = anyOf(this.named(acl).map((compiled) => compiled.test));
      this.predicates.set(acl, predicate);
    }
    return predicate;
  }

  private named(acl: Acl): readonly CompiledTest[] {
    let compiled = this.acls.get(acl);
    if (compiled === undefined) {
      compiled = acl.tests.map((test) => this.compileTest(test));
      this.acls.set(acl, compiled);
    }
    return compiled;
  }

  private verdictLeaf(leaf: ConditionLeaf): (context: SampleContext) => Verdict {
    const tests = leaf.kind === 'anonymous' ? [this.compileTest(leaf.test)] : this.named(leaf.acl);
    const { negate } = leaf;
    return (context) => {
      let undecided = false;
      for (const { test, pending } of tests) {
        if (test(context)) return !negate;
        if (pending !== undefined && !context.inspectionFinal && pending(context)) undecided = true;
      }
      return undecided ? undefined : negate;
    };
  }

  private compileTest(test: AclTest): CompiledTest {
    const wanted = MATCH_TYPES[test.method];
    const expression = compileExpression(test.expression, this.environment, wanted);
    const { some, get, pending } = expression;
    const match = matcherOf(test);
    return {
      test: test.method === 'found' ? (context) => get(context) !== undefined : (context) => some(context, match),
      pending,
    };
  }
}

/** Types that the matching methods take; `found` takes any. */
const MATCH_TYPES: Readonly<Record<AclTest['method'], SampleType | undefined>> = {
  found: undefined,
  bool: 'bool',
  int: 'sint',
  ip: 'addr',
  bin: 'bin',
  len: 'str',
  str: 'str',
  sub: 'str',
  reg: 'str',
  beg: 'str',
  end: 'str',
  dir: 'str',
  dom: 'str',
};

function matcherOf(test: AclTest): ValueTest {
  if (test.methodNames === true) return compileMethodMatcher(test.patterns, test.ignoreCase);
  return compileMatcher(test.method, test.patterns, test.ignoreCase);
}

function not(predicate: Predicate): Predicate {
  return (context) => !predicate(context);
}

/** True where every one is; without any, as an empty term never arises. */
function allOf(predicates: readonly Predicate[]): Predicate {
  const [first, second] = predicates;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (predicates.length === 2) return (context) => first(context) && second(context);
  return (context) => {
    for (const predicate of predicates) if (!predicate(context)) return false;
    return true;
  };
}

/** True where one is. A condition without terms never holds, which is what `if` without anything means to HAProxy. */
function anyOf(predicates: readonly Predicate[]): Predicate {
  const [first, second] = predicates;
  if (first === undefined) return () => false;
  if (second === undefined) return first;
  if (predicates.length === 2) return (context) => first(context) || second(context);
  return (context) => {
    for (const predicate of predicates) if (predicate(context)) return true;
    return false;
  };
}

/** Undecided counts between false and true: a term is as good as its worst leaf, the condition as its best term. */
function anyVerdict(
  terms: readonly (readonly ((context: SampleContext) => Verdict)[])[],
  context: SampleContext,
): Verdict {
  let undecided = false;
  for (const term of terms) {
    const verdict = allVerdicts(term, context);
    if (verdict === true) return true;
    if (verdict === undefined) undecided = true;
  }
  return undecided ? undefined : false;
}

function allVerdicts(term: readonly ((context: SampleContext) => Verdict)[], context: SampleContext): Verdict {
  let undecided = false;
  for (const leaf of term) {
    const verdict = leaf(context);
    if (verdict === false) return false;
    if (verdict === undefined) undecided = true;
  }
  return undecided ? undefined : true;
}
