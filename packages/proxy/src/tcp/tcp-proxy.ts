// The `tcp-request` and `tcp-response` rules of one proxy section, compiled once per thread and generation (manual,
// "tcp-request connection/session/content", "tcp-response content"). A phase without rules is undefined: one branch.
import type { Proxy, Rule } from '@evenkeel/config';
import type { Compiler, SampleContext, Verdict } from '@evenkeel/expr';
import { compileCapture, compilePriority, logLevelOf } from '../rules/compile.ts';
import type { StreamControls } from '../rules/controls.ts';

/** Whether a connection may go on: `connection` and `session` rules. */
export type AdmissionRules = (context: SampleContext) => boolean;

/** What inspected content led to. `wait`: a condition lacks data and the inspect delay is not over. */
export type ContentVerdict = 'accept' | 'reject' | 'wait';

/** A stream as content rules see it. */
export type ContentContext = SampleContext & StreamControls;

export interface ContentRules {
  /** `inspect-delay` in ms; 0 decides on what is there. */
  readonly delayMs: number;
  /** `context.inspectionFinal` says whether more data may come. */
  evaluate(context: ContentContext): ContentVerdict;
}

export interface TcpProxy {
  readonly connection: AdmissionRules | undefined;
  readonly session: AdmissionRules | undefined;
  readonly request: ContentRules | undefined;
  readonly response: ContentRules | undefined;
}

export function compileTcpProxy(proxy: Proxy, compiler: Compiler): TcpProxy {
  const { rules } = proxy;
  return {
    connection: compileAdmission(rules.tcpRequestConnection, compiler),
    session: compileAdmission(rules.tcpRequestSession, compiler),
    request: compileContent(rules.tcpRequestContent, rules.tcpRequestInspectDelayMs, compiler),
    response: compileContent(rules.tcpResponseContent, rules.tcpResponseInspectDelayMs, compiler),
  };
}

function accepts(rule: Rule): boolean {
  switch (rule.action.type) {
    case 'accept':
      return true;
    case 'reject':
      return false;
    default:
      throw new Error(`${rule.at.file}:${rule.at.line}: the parser let '${rule.action.type}' into a tcp rule`);
  }
}

function compileAdmission(rules: readonly Rule[], compiler: Compiler): AdmissionRules | undefined {
  if (rules.length === 0) return undefined;
  const compiled = rules.map((rule) => ({ accept: accepts(rule), matches: compiler.condition(rule.condition) }));
  return (context) => {
    for (const rule of compiled) if (rule.matches === undefined || rule.matches(context)) return rule.accept;
    return true;
  };
}

function compileContent(
  rules: readonly Rule[],
  delayMs: number | undefined,
  compiler: Compiler,
): ContentRules | undefined {
  if (rules.length === 0) return undefined;
  const compiled = rules.map((rule) => ({
    ...compileContentAction(rule, compiler),
    matches: compiler.inspection(rule.condition),
  }));
  return {
    delayMs: delayMs ?? 0,
    evaluate(context) {
      for (const rule of compiled) {
        const match: Verdict = rule.matches === undefined ? true : rule.matches(context);
        if (match === true) {
          if (rule.verdict !== undefined) return rule.verdict;
          rule.apply(context);
        }
        if (match === undefined && !context.inspectionFinal) return 'wait';
      }
      return 'accept';
    },
  };
}

/** What ends the rules has a verdict; everything else is applied, and again when rules are asked anew with more data. */
function compileContentAction(
  rule: Rule,
  compiler: Compiler,
):
  | { readonly verdict: 'accept' | 'reject' }
  | { readonly verdict: undefined; readonly apply: (context: ContentContext) => void } {
  const { action } = rule;
  switch (action.type) {
    case 'set-priority-class':
    case 'set-priority-offset':
      return { verdict: undefined, apply: compilePriority(action, compiler) };
    case 'capture':
      return { verdict: undefined, apply: compileCapture(action, false, compiler) };
    case 'set-log-level': {
      const level = logLevelOf(action);
      return { verdict: undefined, apply: (context) => context.setLogLevel(level) };
    }
    default:
      return { verdict: accepts(rule) ? 'accept' : 'reject' };
  }
}
