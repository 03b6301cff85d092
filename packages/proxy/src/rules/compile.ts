// Rule phases of a proxy section, compiled to one function each. A phase without rules is `undefined`: one branch per
// request. Knows nothing of sockets; what a rule does to the stream is the verdict that its phase returns.
import type { Proxy } from '@evenkeel/config'
import type { Compiler, LogContext } from '@evenkeel/expr'
import type { ReplySpec } from '../errors/reply.ts'
import type { ErrorPageSet } from '../errors/pages.ts'

/** What a phase of rules decided. `undefined` instead of a verdict: go on. */
export interface Verdict {
  readonly kind: 'deny' | 'tarpit' | 'return' | 'reject'
  readonly reply: ReplySpec | undefined
}

/** One phase: applies its rules to the heads of the context. */
export type RulePhase = (context: LogContext) => Verdict | undefined

export interface CompiledRules {
  readonly request: RulePhase | undefined
  readonly response: RulePhase | undefined
  readonly afterResponse: RulePhase | undefined
}

/** Compiles `http-request`, `http-response` and `http-after-response` of one proxy section. */
export declare function compileRules(proxy: Proxy, compiler: Compiler, pages: ErrorPageSet): CompiledRules
