// What the HTTP side needs of one proxy section, compiled once per thread and generation: rules, error pages and the few
// numbers and flags that requests read. Frontend and backend objects carry one each; a request that goes from a frontend to
// a backend consults both, as the manual's section 4.1 says which side each keyword belongs to.
import type { Config, Proxy } from '@evenkeel/config'
import type { Compiler } from '@evenkeel/expr'
import type { HeadOptions } from '@evenkeel/http'
import type { ErrorPageSet } from '../errors/pages.ts'
import type { CompiledRules } from '../rules/compile.ts'

/** The HTTP face of one proxy section. Frozen after it was made. */
export interface HttpProxy {
  readonly proxy: Proxy
  readonly rules: CompiledRules
  readonly pages: ErrorPageSet
  /** Parser knobs for requests (frontend side) and responses (backend side). */
  readonly requestHead: HeadOptions
  readonly responseHead: HeadOptions
  /** `tune.bufsize`: the most that one direction of a stream holds, beside one read from the socket. */
  readonly bufferBytes: number
  /** `tune.bufsize - tune.maxrewrite`: the largest head. */
  readonly maxHeadBytes: number
}

/** What compiling may ask for; the same for all proxies of a generation. */
export interface HttpProxyEnvironment {
  readonly config: Config
  readonly compiler: Compiler
}

/** Compiles one proxy section of mode http. */
export declare function compileHttpProxy(proxy: Proxy, environment: HttpProxyEnvironment): HttpProxy
