// The answers that the proxy itself gives to errors, by status: built in, from `errorfile`, `errorfiles`, `errorloc302/303`.
import type { ErrorPages } from '@evenkeel/config'

/** The statuses for which a page exists (manual, section 1.3.1 and `errorfile`). */
export const pageStatuses = [200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 421, 422, 425, 429, 500, 501, 502, 503, 504] as const

/** One answer as text, split so that `http-after-response` rules and the connection field can be applied. */
export interface ErrorPage {
  readonly status: number
  readonly reason: string
  /** Pairs of lower-case name and value, without connection and framing fields but with `content-length`. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** latin1. */
  readonly body: string
}

/** The pages of one proxy: its own over the built-in ones. */
export interface ErrorPageSet {
  /** Page for a status; statuses without one get that of 500, as HAProxy does. */
  page(status: number): ErrorPage
}

export declare function compileErrorPages(pages: ErrorPages): ErrorPageSet
