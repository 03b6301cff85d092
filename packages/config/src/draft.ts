/**
 * Mutable forms of the model while sections are being read, and the contexts that keyword parsers receive. The builder turns
 * drafts into the frozen model at the end.
 */

import type { Diagnostics } from './diagnostic.ts';
import type { ExpressionScope, EvaluationPlace } from './expression-scope.ts';
import type { Acl } from './expression-model.ts';
import type { ConfigHost } from './host.ts';
import type {
  Bind, Global, HttpErrors, Options, Position, Proxy, Rules, Server, StatsSocket, Timeouts, Tune, Userlist,
} from './model.ts';

/** The same shape, assignable, with growing arrays one level down. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

export type RulesDraft = Mutable<Rules>;

export interface GlobalDraft extends Omit<Mutable<Global>, 'tune'> {
  tune: Mutable<Tune>;
}

export type ServerDraft = Mutable<Server>;
export type BindDraft = Mutable<Bind>;
export type StatsSocketDraft = Mutable<StatsSocket>;

/** A proxy or `defaults` section while it is read. `acls` is a map so that conditions find them at once. */
export interface ProxyDraft extends Omit<Mutable<Proxy>, 'kind' | 'acls' | 'rules' | 'timeouts' | 'options' | 'errors'> {
  kind: Proxy['kind'] | 'defaults';
  acls: Map<string, Acl>;
  rules: RulesDraft;
  timeouts: Mutable<Timeouts>;
  options: Mutable<Options>;
  errors: Record<number, Proxy['errors'][number]>;
  /** Accumulated `default-server` settings, inherited from `defaults`. */
  defaultServer: ServerDraft;
}

/** What every section's keywords share during one parse. */
export interface ParseState {
  readonly host: ConfigHost;
  readonly diagnostics: Diagnostics;
  /** Environment after `setenv` and its like so far. */
  readonly env: Map<string, string>;
  readonly global: GlobalDraft;
  readonly proxies: ProxyDraft[];
  readonly httpErrors: HttpErrors[];
  readonly userlists: Mutable<Userlist>[];
  whenComplete(task: () => void): void;
}

export interface GlobalContext {
  readonly state: ParseState;
  readonly draft: GlobalDraft;
  readonly at: Position;
  scope(place: EvaluationPlace): ExpressionScope;
}

export interface ProxyContext {
  readonly state: ParseState;
  readonly draft: ProxyDraft;
  /** Of the statement being read. */
  readonly at: Position;
  scope(place: EvaluationPlace): ExpressionScope;
}

export interface ServerContext {
  readonly state: ParseState;
  readonly proxy: ProxyDraft;
  readonly draft: ServerDraft;
  /** `default-server` rather than a server of its own. */
  readonly isDefault: boolean;
}

export interface BindContext {
  readonly state: ParseState;
  readonly proxy: ProxyDraft | undefined;
  readonly draft: BindDraft;
}
