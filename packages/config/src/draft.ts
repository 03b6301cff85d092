/**
 * Mutable forms of the model while sections are being read, and the contexts that keyword parsers receive. `build.ts` turns
 * drafts into the frozen model at the end.
 */

import type { CheckRulesDraft } from './check-rules/ruleset.ts';
import type { DefaultPath } from './default-path.ts';
import type { Diagnostics } from './diagnostic.ts';
import type { ExpressionScope, EvaluationPlace } from './expression-scope.ts';
import type { Acl } from './expression-model.ts';
import type { ConfigHost } from './host.ts';
import type { Keyword, KeywordIndex } from './keyword.ts';
import type {
  Bind,
  ErrorPage,
  Global,
  HttpErrors,
  LogTarget,
  Options,
  Position,
  Proxy,
  Mailers,
  Resolvers,
  Ring,
  Rules,
  Server,
  StatsSocket,
  Timeouts,
  Tune,
  UnixBind,
  Userlist,
} from './model.ts';
import type { LookUpVariable } from './tokenize.ts';

/** The same shape, assignable, with growing arrays one level down. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

export type RulesDraft = Mutable<Rules>;

export interface GlobalDraft extends Omit<Mutable<Global>, 'tune' | 'h1CaseAdjust' | 'sslDefaults' | 'unixBind'> {
  unixBind: Mutable<UnixBind>;
  tune: Mutable<Tune>;
  h1CaseAdjust: Record<string, string>;
  sslDefaults: Record<string, readonly string[]>;
}

export type ServerDraft = Mutable<Server>;
export type BindDraft = Mutable<Bind>;
export type StatsSocketDraft = Mutable<StatsSocket>;

/** A proxy or `defaults` section while it is read. `acls` is a map so that conditions find them at once. */
export interface ProxyDraft extends Omit<
  Mutable<Proxy>,
  'kind' | 'acls' | 'rules' | 'timeouts' | 'options' | 'errors' | 'servers' | 'binds' | 'logs'
> {
  kind: Proxy['kind'] | 'defaults';
  binds: BindDraft[];
  /** `global` stands for the global section's targets, which may still grow. */
  logs: (LogTarget | 'global')[];
  servers: ServerDraft[];
  acls: Map<string, Acl>;
  rules: RulesDraft;
  timeouts: Mutable<Timeouts>;
  options: Mutable<Options>;
  /** Joined to `check` at the end, where that is of the kind that has rules. */
  checkRules: CheckRulesDraft;
  errors: Record<number, ErrorPage | PendingPage>;
  /** Where the log format was chosen, also when inherited. */
  logFormatAt: Position | undefined;
  /** Accumulated `default-server` settings, inherited from `defaults`. */
  defaultServer: ServerDraft;
  readonly notes: ProxyNotes;
}

/** A page of an `http-errors` section that may still follow; `otherwise` stays where the section has none for the status. */
export interface PendingPage {
  readonly kind: 'section';
  readonly name: string;
  /** Of the name. */
  readonly at: Position;
  readonly otherwise: ErrorPage | PendingPage | undefined;
  /** The status was named, so the section ought to have a page for it. */
  readonly isNamed: boolean;
}

/** What only the parser has to remember of a proxy. */
export interface ProxyNotes {
  /** The `defaults` section from which this one started, and whether by `from`. */
  base: ProxyDraft | undefined;
  explicitBase: boolean;
  /** Keywords whose repetition is worth a warning, with their place. */
  readonly seen: Map<string, Position>;
  readonly serverNames: Map<string, ServerDraft>;
  /** Servers whose name was taken: by which one, and where the name stands. */
  readonly duplicateServers: { readonly first: ServerDraft; readonly name: string; readonly at: Position }[];
  /** Ids that were given, and to what. */
  readonly serverIds: Pick<Map<number, ServerDraft>, 'get' | 'set'>;
  readonly bindIds: Map<number, BindDraft>;
  /** Kinds of rules so far, by their rank in the order of evaluation. */
  readonly seenRules: Set<number>;
  /** Phases that a final rule without condition has ended. */
  readonly closedPhases: Set<string>;
  defaultBackendAt: Position | undefined;
  /** Where `email-alert mailers` names its section. */
  mailersAt: Position | undefined;
  /** Of a `defaults` section: how proxies used it. */
  usedExplicitly: boolean;
  usedImplicitly: boolean;
  usedByFrontend: Position | undefined;
  usedByBackend: Position | undefined;
}

/** The registered keywords by place. */
export interface Keywords {
  readonly global: KeywordIndex<Keyword<GlobalContext>>;
  readonly proxy: KeywordIndex<Keyword<ProxyContext>>;
  readonly userlist: KeywordIndex<Keyword<UserlistContext>>;
  readonly resolvers: KeywordIndex<Keyword<ResolversContext>>;
  readonly mailers: KeywordIndex<Keyword<MailersContext>>;
  readonly ring: KeywordIndex<Keyword<RingContext>>;
  readonly httpErrors: KeywordIndex<Keyword<HttpErrorsContext>>;
  readonly bindOptions: KeywordIndex<Keyword<BindContext>>;
  readonly serverOptions: KeywordIndex<Keyword<ServerContext>>;
}

/** What every section's keywords share during one parse. */
export interface ParseState {
  readonly keywords: Keywords;
  /** The machine, with relative paths as `default-path` has them. */
  readonly host: ConfigHost;
  readonly defaultPath: DefaultPath;
  readonly diagnostics: Diagnostics;
  /** Environment after `setenv` and its like so far. */
  readonly env: Map<string, string>;
  readonly lookUp: LookUpVariable;
  readonly global: GlobalDraft;
  readonly defaults: ProxyDraft[];
  /** Named ones; several may have one name until one of them is referred to. */
  readonly defaultsByName: Map<string, ProxyDraft[]>;
  readonly proxies: ProxyDraft[];
  /** Proxies by the id that they were given. */
  readonly proxyIds: Map<number, ProxyDraft>;
  /** Proxies with that side by name: a frontend and a backend may share one. */
  readonly frontends: Map<string, ProxyDraft>;
  readonly backends: Map<string, ProxyDraft>;
  readonly httpErrors: Map<string, HttpErrors>;
  readonly userlists: Map<string, UserlistContext['draft']>;
  readonly resolvers: Map<string, ResolversContext['draft']>;
  readonly mailers: Map<string, MailersContext['draft']>;
  /** Those of `log` lines that name a stream are among them. */
  readonly rings: Map<string, RingDraft>;
  /** Keywords whose acceptance without effect was said once already. */
  readonly noted: Set<string>;
  whenComplete(task: () => void): void;
}

export interface GlobalContext {
  readonly state: ParseState;
  readonly draft: GlobalDraft;
  readonly scope: (place: EvaluationPlace) => ExpressionScope;
}

export interface ProxyContext {
  readonly state: ParseState;
  readonly draft: ProxyDraft;
  readonly scope: (place: EvaluationPlace) => ExpressionScope;
}

export interface ServerContext {
  readonly state: ParseState;
  readonly proxy: ProxyDraft;
  readonly draft: ServerDraft;
  /** A server of its own, `default-server`, or `server-template`. */
  readonly form: 'server' | 'default' | 'template';
  /** It stands in a ring section. */
  readonly ring?: boolean;
}

export interface BindContext {
  readonly state: ParseState;
  /** Undefined for `stats socket`. */
  readonly proxy: ProxyDraft | undefined;
  readonly draft: BindDraft;
}

export interface HttpErrorsContext {
  readonly state: ParseState;
  readonly draft: { readonly name: string; readonly at: Position; readonly errors: Record<number, ErrorPage> };
}

export interface UserlistContext {
  readonly state: ParseState;
  readonly draft: Mutable<Userlist>;
  /** Names that were defined already. */
  readonly known: { readonly users: Set<string>; readonly groups: Set<string> };
}

export interface MailersContext {
  readonly state: ParseState;
  readonly draft: Mutable<Mailers>;
}

export type RingDraft = Mutable<Ring> & {
  /** What options of servers are read for: names and ids of the ring's servers. */
  readonly proxy: ProxyDraft;
};

export interface RingContext {
  readonly state: ParseState;
  readonly draft: RingDraft;
}

export interface ResolversContext {
  readonly state: ParseState;
  readonly draft: Omit<Mutable<Resolvers>, 'hold'> & { readonly hold: Mutable<Resolvers['hold']> };
}

/** HAProxy's words for a kind of proxy in messages: a `listen` is "proxy". */
export function describeKind(kind: ProxyDraft['kind']): string {
  return kind === 'listen' ? 'proxy' : kind;
}

export function hasFrontendSide(draft: ProxyDraft): boolean {
  return draft.kind === 'frontend' || draft.kind === 'listen';
}

export function hasBackendSide(draft: ProxyDraft): boolean {
  return draft.kind === 'backend' || draft.kind === 'listen';
}
