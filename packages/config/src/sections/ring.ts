/** The head of a `ring` section (manual section 3.9), and what is judged when it is complete. */

import type { Cursor } from '../cursor.ts';
import type { ParseState, RingDraft } from '../draft.ts';
import { checkServerNames, missingTimeouts } from '../checks.ts';
import { initialProxy } from '../initial.ts';
import type { Position, Ring } from '../model.ts';
import { invalidCharacter } from '../names.ts';

/** Rings and other sinks that exist without a section. */
export const BUILT_IN_SINKS = ['stdout', 'stderr', 'buf0'] as const;

/** Words after the name are read over, as in HAProxy. */
export function openRing(cursor: Cursor, state: ParseState): RingDraft {
  const at = cursor.position();
  cursor.next();
  const name = cursor.next() ?? '';
  const draft = initialRing(name, at, state);
  const detail = { length: Math.max(1, name.length) };
  const bad = invalidCharacter(name);
  if (name === '') {
    state.diagnostics.alert('missing ring name.', cursor.position(1), { expected: 'a name' });
  } else if (bad !== undefined) {
    state.diagnostics.alert(`invalid ring name '${name}' (character '${bad}' is not permitted).`, cursor.position(1), {
      ...detail,
      expected: 'letters, digits, -, _, . and :',
    });
  } else if (state.rings.has(name) || (BUILT_IN_SINKS as readonly string[]).includes(name)) {
    state.diagnostics.alert(`sink named '${name}' already exists.`, cursor.position(1), {
      ...detail,
      remedy: 'choose another name',
    });
  } else {
    state.rings.set(name, draft);
    state.whenComplete(() => finish(draft, state));
  }
  return draft;
}

/** A ring as HAProxy makes it before anything is said of it. */
export function initialRing(name: string, at: Position, { global }: ParseState): RingDraft {
  return {
    name,
    at,
    description: name,
    format: 'raw',
    size: global.tune.bufsize,
    maxlen: global.tune.bufsize,
    backingFile: undefined,
    timeoutConnectMs: undefined,
    timeoutServerMs: undefined,
    servers: [],
    proxy: initialProxy(name, 'backend', at),
  };
}

function finish(draft: RingDraft, state: ParseState): void {
  if (draft.maxlen > draft.size) {
    state.diagnostics.warning(
      `ring '${draft.name}' event max length '${draft.maxlen}' exceeds size, forced to size '${draft.size}'.`,
      draft.at,
      { form: 'plain', length: 'ring'.length, remedy: "raise 'size', or lower 'maxlen'" },
    );
    draft.maxlen = draft.size;
  }
  if (draft.servers.length === 0) return;
  if ((draft.timeoutConnectMs ?? 0) === 0 || (draft.timeoutServerMs ?? 0) === 0) {
    state.diagnostics.warning(missingTimeouts(`backend '${draft.name}'`), draft.at, {
      form: 'plain',
      length: 'ring'.length,
      remedy: "set 'timeout connect' and 'timeout server' in the ring",
    });
  }
  checkServerNames(state, draft.proxy);
}

/** The rings of the model: those of sections, then those of `log` lines, which HAProxy makes last. */
export function buildRings(drafts: ReadonlyMap<string, RingDraft>): readonly Ring[] {
  const rings = [...drafts.values()].map(({ proxy: _proxy, ...ring }): Ring => ring);
  return [...rings.filter(({ name }) => !isImplicit(name)), ...rings.filter(({ name }) => isImplicit(name))];
}

/** The name of a ring without a section: no section can have it. */
export function implicitName(number: number): string {
  return `ring#${number}`;
}

function isImplicit(name: string): boolean {
  return name.startsWith('ring#');
}
