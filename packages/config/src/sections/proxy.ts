/**
 * The heads of `defaults`, `frontend`, `backend` and `listen` (manual chapter 4): names, `from`, and which settings a section
 * starts with.
 */

import type { Cursor } from '../cursor.ts';
import { describeKind, type ParseState, type ProxyDraft } from '../draft.ts';
import { inheritProxy, initialProxy } from '../initial.ts';
import type { Position } from '../model.ts';
import { invalidCharacter } from '../names.ts';

/** Reads the head and registers the section. A section with a bad head is read all the same, for its other faults. */
export function openProxy(cursor: Cursor, state: ParseState): ProxyDraft {
  const at = cursor.position();
  const kind = cursor.next() as ProxyDraft['kind'];
  cursor.keyword = kind;
  const name = readName(cursor, kind);
  const base = readFrom(cursor, state, kind, name);
  const inherited = base ?? (kind === 'defaults' ? undefined : state.defaults.at(-1));
  const draft = inherited === undefined ? initialProxy(name, kind, at) : inheritProxy(inherited, name, kind, at);
  draft.notes.base = inherited;
  draft.notes.explicitBase = base !== undefined;
  if (kind === 'defaults') {
    state.defaults.push(draft);
    const others = state.defaultsByName.get(name);
    if (others === undefined) state.defaultsByName.set(name, [draft]);
    else others.push(draft);
    if (base !== undefined && hasRules(base)) {
      const message = `a defaults section cannot inherit from a defaults section defining TCP/HTTP rules (defaults section at ${place(base.at)}).`;
      state.diagnostics.alert(message, at, {
        form: 'tight',
        length: kind.length,
        remedy: 'repeat the rules here, or leave them out there',
      });
    }
  } else {
    if (inherited !== undefined) noteUse(cursor, inherited, draft);
    register(cursor, state, draft);
  }
  return draft;
}

function readName(cursor: Cursor, kind: ProxyDraft['kind']): string {
  const { diagnostics } = cursor;
  const name = cursor.peek() ?? '';
  if (kind === 'defaults') {
    // `defaults from X` would be taken for a name; HAProxy does so too, but only where nothing follows.
    if (name === '' || (name === 'from' && cursor.peek(1) !== undefined)) return '';
  } else if (name === '') {
    diagnostics.alert(`'${kind}' expects an <id> argument`, cursor.position(), { expected: 'a name' });
    return '';
  } else {
    const bad = invalidCharacter(name);
    if (bad !== undefined) {
      const message = `character '${bad}' is not permitted in '${kind}' name '${name}'.`;
      diagnostics.alert(message, cursor.position(), {
        length: name.length,
        expected: 'letters, digits, -, _, . and :',
      });
    }
  }
  cursor.next();
  return name;
}

/** `from NAME`: the defaults section designated; undefined without one or after an error. */
function readFrom(cursor: Cursor, state: ParseState, kind: ProxyDraft['kind'], name: string): ProxyDraft | undefined {
  const { diagnostics } = cursor;
  const word = cursor.peek();
  if (word === undefined) return undefined;
  if (word !== 'from') {
    const message =
      kind === 'frontend' || kind === 'listen'
        ? "please use the 'bind' keyword for listening addresses."
        : `'${kind}' cannot handle unexpected argument '${word}'.`;
    diagnostics.alert(message, cursor.position(), {
      length: word.length,
      expected: "'from' and the name of a defaults section",
    });
    return undefined;
  }
  cursor.next();
  const wanted = cursor.peek();
  if (wanted === undefined) {
    diagnostics.alert(`'from' expects the name of a defaults section.`, cursor.position(), { expected: 'a name' });
    return undefined;
  }
  const at = cursor.position();
  const detail = { length: wanted.length };
  cursor.next();
  const extra = cursor.peek();
  if (extra !== undefined) {
    diagnostics.alert(`'${kind}' cannot handle unexpected argument '${extra}'.`, cursor.position(), {
      length: extra.length,
      expected: 'the end of the line',
    });
  }
  return findDefaults(state, wanted, `${describeKind(kind)} '${name}'`, at, detail);
}

function findDefaults(
  state: ParseState,
  wanted: string,
  owner: string,
  at: Position,
  detail: { readonly length: number },
): ProxyDraft | undefined {
  const { diagnostics } = state;
  const found = state.defaultsByName.get(wanted) ?? [];
  const [first, second] = found;
  if (first === undefined) {
    diagnostics.alert(`defaults section '${wanted}' not found for ${owner}.`, at, {
      ...detail,
      nearest: diagnostics.nearest(wanted, state.defaultsByName.keys()),
      expected: 'the name of a defaults section that stands above',
    });
    return undefined;
  }
  const bad = invalidCharacter(wanted);
  if (bad !== undefined) {
    const where = `(section found at ${place(first.at)})`;
    diagnostics.alert(
      `character '${bad}' is not permitted in defaults section name '${wanted}' when designated by its name ${where}.`,
      at,
      { ...detail, expected: 'letters, digits, -, _, . and :' },
    );
  }
  if (second !== undefined) {
    const where = `${place(first.at)} and ${place(second.at)}`;
    diagnostics.alert(
      `ambiguous defaults section name '${wanted}' referenced by ${owner} exists at least at ${where}.`,
      at,
      { ...detail, remedy: 'give each a name of its own' },
    );
  }
  return first;
}

/** Manual chapter 4 and the rules' keywords: what may share a `defaults` section with what. */
function noteUse(cursor: Cursor, base: ProxyDraft, draft: ProxyDraft): void {
  const { diagnostics } = cursor;
  const { notes } = base;
  const at = draft.at;
  const detail = { length: draft.kind.length };
  const mixedBefore = notes.usedExplicitly && notes.usedImplicitly;
  if (draft.notes.explicitBase) notes.usedExplicitly = true;
  else notes.usedImplicitly = true;
  if (notes.usedExplicitly && notes.usedImplicitly && !mixedBefore) {
    diagnostics.warning(
      `defaults section '${base.name}' (declared at ${place(base.at)}) is explicitly referenced by another proxy and implicitly used here. ` +
        "To avoid any ambiguity don't mix both usage. Add a last defaults section not explicitly used or always use explicit references.",
      at,
      detail,
    );
  }
  if (!hasRules(base)) return;
  const tight = { ...detail, form: 'tight' as const, remedy: OWN_DEFAULTS };
  if (draft.kind === 'listen') {
    diagnostics.alert('a listen section cannot inherit from a defaults section defining TCP/HTTP rules.', at, tight);
    return;
  }
  if (draft.kind === 'backend' && base.rules.tcpRequestConnection.length + base.rules.tcpRequestSession.length > 0) {
    diagnostics.alert(
      "a backend section cannot inherit from a defaults section defining 'tcp-request connection' or 'tcp-request session' rules " +
        `(defaults section at ${place(base.at)}).`,
      at,
      tight,
    );
  }
  if (draft.kind === 'frontend') notes.usedByFrontend ??= at;
  else notes.usedByBackend ??= at;
  if (notes.usedByFrontend !== undefined && notes.usedByBackend !== undefined) {
    diagnostics.alert(
      'frontends and backends cannot inherit from the same defaults section if it defines TCP/HTTP rules ' +
        `(defaults section at ${place(base.at)}).`,
      at,
      tight,
    );
  }
  if (draft.kind === 'backend' && base.captures.length > 0) {
    diagnostics.alert(
      'backend or defaults sections cannot inherit from a defaults section defining capptures ' +
        `(defaults section at ${place(base.at)}).`,
      at,
      tight,
    );
  }
}

const OWN_DEFAULTS = "use a defaults section of its own, with 'from', or put the rules into the proxies";

export function hasRules(draft: ProxyDraft): boolean {
  const { rules } = draft;
  return (
    rules.tcpRequestConnection.length +
      rules.tcpRequestSession.length +
      rules.tcpRequestContent.length +
      rules.httpRequest.length +
      rules.tcpResponseContent.length +
      rules.httpResponse.length +
      rules.httpAfterResponse.length >
    0
  );
}

/** Two proxies of one name may not overlap in what they are. */
function register(cursor: Cursor, state: ParseState, draft: ProxyDraft): void {
  state.proxies.push(draft);
  if (draft.name === '') return;
  const frontend = draft.kind !== 'backend' ? state.frontends.get(draft.name) : undefined;
  const backend = draft.kind !== 'frontend' ? state.backends.get(draft.name) : undefined;
  const other = frontend ?? backend;
  if (other !== undefined) {
    cursor.diagnostics.alert(
      `Parsing [${place(draft.at)}]: ${describeKind(draft.kind)} '${draft.name}' has the same name as ` +
        `${describeKind(other.kind)} '${other.name}' declared at ${place(other.at)}.`,
      cursor.position(1),
      { form: 'plain', length: draft.name.length, remedy: 'rename one of the two' },
    );
    return;
  }
  if (draft.kind !== 'backend') state.frontends.set(draft.name, draft);
  if (draft.kind !== 'frontend') state.backends.set(draft.name, draft);
}

function place(at: Position): string {
  return `${at.file}:${at.line}`;
}
