/** Joins the draft of a proxy with what the expression parsers ask for. */

import type { ParseState, ProxyDraft } from './draft.ts';
import type { EvaluationPlace, ExpressionScope } from './expression-scope.ts';
import type { Acl } from './expression-model.ts';
import type { CaptureSlot, HttpErrors, Mode } from './model.ts';

class ProxyScope implements ExpressionScope {
  readonly place: EvaluationPlace;
  private readonly state: ParseState;
  private readonly draft: ProxyDraft | undefined;
  private readonly ownAcls = new Map<string, Acl>();

  constructor(state: ParseState, draft: ProxyDraft | undefined, place: EvaluationPlace) {
    this.state = state;
    this.draft = draft;
    this.place = place;
  }

  get proxyName(): string {
    return this.draft?.name ?? '';
  }
  get proxyKind() {
    return this.draft?.kind ?? 'global';
  }
  get acls(): Map<string, Acl> {
    return this.draft?.acls ?? this.ownAcls;
  }
  get mode(): Mode {
    return this.draft?.mode ?? 'tcp';
  }
  get diagnostics() {
    return this.state.diagnostics;
  }
  get host() {
    return this.state.host;
  }
  get captures(): CaptureSlot[] {
    return this.draft?.captures ?? [];
  }

  httpErrors(name: string): HttpErrors | undefined {
    return this.state.httpErrors.get(name);
  }

  proxy(name: string, side: 'frontend' | 'backend'): ProxyDraft | undefined {
    const { frontends, backends } = this.state;
    const [wanted, other] = side === 'frontend' ? [frontends, backends] : [backends, frontends];
    return wanted.get(name) ?? other.get(name);
  }

  hasUserlist(name: string): boolean {
    return this.state.userlists.has(name);
  }

  whenComplete(task: () => void): void {
    this.state.whenComplete(task);
  }
}

/** Scope of a statement of `draft`, or of the global section where there is none. */
export function scopeOf(state: ParseState, draft: ProxyDraft | undefined, place: EvaluationPlace): ExpressionScope {
  return new ProxyScope(state, draft, place);
}
