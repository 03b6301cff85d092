// The request target in its four forms (RFC 9112, 3.2) and the parts of it that rules read and replace. Works on text
// only; does not decode percent-encoding.

/** RFC 9112, 3.2.1 to 3.2.4. */
export type TargetForm = 'origin' | 'absolute' | 'authority' | 'asterisk'

/** The parts of one request target. Absent parts are empty strings. */
export interface RequestTarget {
  readonly form: TargetForm
  /** Scheme of the absolute form as written (`http`), without `://`. */
  readonly scheme: string
  /** Authority of the absolute and authority forms, with userinfo and port as written. */
  readonly authority: string
  /** Path, from its `/` up to the `?`; `*` in asterisk form; empty when the absolute form has none. */
  readonly path: string
  /** What follows the first `?` of the path; empty when there is none. */
  readonly query: string
  /** Path with `?` and query (`pathq`). */
  readonly pathWithQuery: string
}

/** Splits a target that the parser has accepted. */
export declare function parseTarget(method: string, uri: string): RequestTarget

/** The target with another path; scheme, authority and query stay (`http-request set-path`). */
export declare function replacePath(uri: string, path: string): string

/** The target with another path and query (`http-request set-pathq`). */
export declare function replacePathWithQuery(uri: string, pathWithQuery: string): string

/** The target with another query, given without `?` (`http-request set-query`). */
export declare function replaceQuery(uri: string, query: string): string
