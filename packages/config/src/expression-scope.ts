/** What the parsers of expressions, conditions and rules need to know of the proxy in which they stand. */

import type { Diagnostics } from './diagnostic.ts';
import type { Acl } from './expression-model.ts';
import type { ConfigHost } from './host.ts';
import type { CaptureSlot, HttpErrors, Mode, SectionKind } from './model.ts';

/** The rule phases by the manual's names: the words with which a rule's line begins. */
export type RulePhase =
  | 'tcp-request connection'
  | 'tcp-request session'
  | 'tcp-request content'
  | 'http-request'
  | 'tcp-response content'
  | 'http-response'
  | 'http-after-response';

/** Where an expression is evaluated: decides which samples exist there (manual section 7.3). */
export type EvaluationPlace =
  | RulePhase
  | 'use_backend'
  | 'use-server'
  | 'monitor fail'
  | 'http-error'
  | 'log-format'
  | 'log-format-sd'
  | 'error-log-format'
  | 'unique-id-format'
  | 'http-check'
  | 'tcp-check'
  | 'acl'
  | 'global';

export interface ExpressionScope {
  /** Empty for an anonymous `defaults` and for `global`. */
  readonly proxyName: string;
  readonly proxyKind: SectionKind;
  /** ACLs declared so far, by name; `parseAcl` adds to them. */
  readonly acls: Map<string, Acl>;
  /** Mode as known so far; a check that depends on it belongs in `whenComplete`. */
  readonly mode: Mode;
  readonly place: EvaluationPlace;
  readonly diagnostics: Diagnostics;
  readonly host: ConfigHost;
  /** Slots declared so far; rules add theirs. */
  readonly captures: CaptureSlot[];
  /** `http-errors` section by name; complete only when a `whenComplete` task runs. */
  httpErrors(name: string): HttpErrors | undefined;
  /** A proxy and the names of its servers, for fetches that take one; complete only when a `whenComplete` task runs. */
  proxy?(
    name: string,
    side: 'frontend' | 'backend',
  ): { readonly kind: SectionKind; readonly servers: readonly { readonly name: string }[] } | undefined;
  /** Whether a `userlist` of that name exists; complete only when a `whenComplete` task runs. */
  hasUserlist?(name: string): boolean;
  /** Runs `task` when every section was read (mode, sections, and proxies are then known). */
  whenComplete(task: () => void): void;
}
