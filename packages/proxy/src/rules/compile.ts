// The `http-request`, `http-response` and `http-after-response` rules of one proxy section, compiled to one function for
// each phase (manual, 4.2). A phase without rules is `undefined`: one branch per request. Knows nothing of sockets: what a
// rule does to the stream is the verdict that its phase returns.
import type { Action, Proxy, Rule } from '@evenkeel/config';
import type { Compiler, LogContext, SampleContext } from '@evenkeel/expr';
import type { RuleContext, StreamControls } from './controls.ts';
import type { HeaderList } from '@evenkeel/http';
import type { ErrorPageSet } from '../errors/pages.ts';
import { compileReply, oneLine, type CompiledReply } from '../errors/reply.ts';
import { SILENT } from '../stream/log-line.ts';
import { compileHeaderRemoval } from './header-removal.ts';

/** What a phase of rules decided. No verdict: all rules passed. */
export interface Verdict {
  /** `allow`: no more rules of this phase and section. `reject`: close without an answer. */
  readonly kind: 'allow' | 'deny' | 'tarpit' | 'return' | 'reject';
  /** The answer of `deny`, `tarpit` and `return`. */
  readonly reply: CompiledReply | undefined;
}

/** One phase: applies its rules to the heads of the context. */
export type RulePhase = (context: RuleContext) => Verdict | undefined;

export interface CompiledRules {
  readonly request: RulePhase | undefined;
  readonly response: RulePhase | undefined;
  readonly afterResponse: RulePhase | undefined;
}

/** Compiles the phases of one section; `sections` are the `http-errors` sections by name. */
export function compileRules(
  proxy: Proxy,
  compiler: Compiler,
  sections: ReadonlyMap<string, ErrorPageSet>,
): CompiledRules {
  const { rules } = proxy;
  return {
    request: compilePhase(rules.httpRequest, requestHeaders, compiler, sections),
    response: compilePhase(rules.httpResponse, responseHeaders, compiler, sections),
    afterResponse: compilePhase(rules.httpAfterResponse, responseHeaders, compiler, sections),
  };
}

type HeadersOf = (context: LogContext) => HeaderList;
type Apply = (context: RuleContext) => Verdict | undefined;

function requestHeaders(context: LogContext): HeaderList {
  return context.request!.headers;
}

function responseHeaders(context: LogContext): HeaderList {
  return context.response!.headers;
}

interface CompiledRule {
  readonly matches: ((context: LogContext) => boolean) | undefined;
  readonly apply: Apply;
}

function compilePhase(
  rules: readonly Rule[],
  headersOf: HeadersOf,
  compiler: Compiler,
  sections: ReadonlyMap<string, ErrorPageSet>,
): RulePhase | undefined {
  if (rules.length === 0) return undefined;
  const compiled: readonly CompiledRule[] = rules.map((rule) => ({
    matches: compiler.condition(rule.condition),
    apply: compileAction(rule.action, headersOf, compiler, sections),
  }));
  return (context) => {
    for (let index = 0; index < compiled.length; index++) {
      const rule = compiled[index];
      if (rule.matches !== undefined && !rule.matches(context)) continue;
      const verdict = rule.apply(context);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  };
}

const ALLOW: Verdict = { kind: 'allow', reply: undefined };
const REJECT: Verdict = { kind: 'reject', reply: undefined };

function compileAction(
  action: Action,
  headersOf: HeadersOf,
  compiler: Compiler,
  sections: ReadonlyMap<string, ErrorPageSet>,
): Apply {
  const isResponse = headersOf === responseHeaders;
  switch (action.type) {
    case 'allow':
    case 'accept':
      return () => ALLOW;
    case 'reject':
      return () => REJECT;
    case 'deny':
    case 'tarpit':
    case 'return': {
      const verdict: Verdict = {
        kind: action.type,
        reply: compileReply(action.reply, action.type !== 'return', compiler, sections),
      };
      return () => verdict;
    }
    case 'set-header': {
      const name = action.name.toLowerCase();
      const value = compiler.logFormat(action.value);
      return (context) => {
        // The value first: it may speak of the header that is being replaced.
        const text = oneLine(value(context));
        headersOf(context).set(name, text);
        return undefined;
      };
    }
    case 'add-header': {
      const name = action.name.toLowerCase();
      const value = compiler.logFormat(action.value);
      return (context) => {
        headersOf(context).add(name, oneLine(value(context)));
        return undefined;
      };
    }
    case 'disable-l7-retry':
      return (context) => {
        context.disableRetries();
        return undefined;
      };
    case 'set-priority-class':
    case 'set-priority-offset': {
      const set = compilePriority(action, compiler);
      return (context) => {
        set(context);
        return undefined;
      };
    }
    case 'capture': {
      const capture = compileCapture(action, isResponse, compiler);
      return (context) => {
        capture(context);
        return undefined;
      };
    }
    case 'set-log-level': {
      const level = logLevelOf(action);
      return (context) => {
        context.setLogLevel(level);
        return undefined;
      };
    }
    case 'del-header': {
      const remove = compileHeaderRemoval(action.name, action.match);
      return (context) => {
        remove(headersOf(context));
        return undefined;
      };
    }
  }
}

/** `capture`: a sample that is not found leaves the slot as it is. */
export function compileCapture(
  { expression, slot }: Extract<Action, { readonly type: 'capture' }>,
  isResponse: boolean,
  compiler: Compiler,
): (context: SampleContext & StreamControls) => void {
  const value = compiler.string(expression);
  const direction = isResponse ? 'response' : 'request';
  return (context) => {
    const text = value(context);
    if (text !== undefined) context.keepCapture(direction, slot, text);
  };
}

export function logLevelOf({ level }: Extract<Action, { readonly type: 'set-log-level' }>): number {
  return level === 'silent' ? SILENT : level;
}

/** `set-priority-class` and `set-priority-offset`: an expression without a value changes nothing. */
export function compilePriority(
  action: Extract<Action, { readonly type: 'set-priority-class' | 'set-priority-offset' }>,
  compiler: Compiler,
): (context: SampleContext & StreamControls) => void {
  const value = compiler.integer(action.expression);
  const isClass = action.type === 'set-priority-class';
  return (context) => {
    const number = value(context);
    if (number === undefined) return;
    if (isClass) context.setPriorityClass(number);
    else context.setPriorityOffset(number);
  };
}
