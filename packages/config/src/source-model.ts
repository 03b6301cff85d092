/**
 * Configuration text as it was read: where words stand, lines and sections before anything is made of them. Canonical text is
 * printed from it.
 */

/** Where a word stands in the configuration text. Lines and columns count from 1; columns count UTF-16 units. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One directive after tokenizing and expansion: the words of a line, its keyword first. */
export interface Statement {
  readonly words: readonly string[];
  readonly at: Position;
}

export type SectionKind =
  | 'global'
  | 'defaults'
  | 'frontend'
  | 'backend'
  | 'listen'
  | 'peers'
  | 'resolvers'
  | 'userlist'
  | 'mailers'
  | 'cache'
  | 'program'
  | 'ring'
  | 'http-errors'
  | 'fcgi-app'
  | 'log-forward';

/** A section as written, expanded: what canonical text is printed from. Sections keep the order of the files. */
export interface SectionSource {
  readonly kind: SectionKind;
  /** Empty for `global` and for an anonymous `defaults`. */
  readonly name: string;
  /** `from NAME` of a proxy or defaults section. */
  readonly from: string | undefined;
  readonly at: Position;
  readonly statements: readonly Statement[];
}
