/** The heads of `userlist` (manual section 3.4), `http-errors` (3.8) and `resolvers` (5.3.2), `mailers` (3.6). */

import type { Cursor } from '../cursor.ts';
import type { HttpErrorsContext, MailersContext, ParseState, ResolversContext, UserlistContext } from '../draft.ts';
import type { ErrorPage } from '../model.ts';
import { invalidCharacter } from '../names.ts';

const NAME_CHARACTERS = 'letters, digits, -, _, . and :';

/** A second list of the same name is ignored with a warning, as in HAProxy. */
export function openUserlist(cursor: Cursor, state: ParseState): UserlistContext['draft'] {
  const at = cursor.position();
  cursor.next();
  const name = cursor.next() ?? '';
  const draft: UserlistContext['draft'] = { name, at, groups: [], users: [] };
  const detail = { form: 'tight' as const, length: Math.max(1, name.length) };
  const bad = invalidCharacter(name);
  if (name === '') {
    state.diagnostics.alert("'userlist' expects <name> as arguments.", cursor.position(1), {
      ...detail,
      expected: 'a name',
    });
  } else if (bad !== undefined) {
    state.diagnostics.alert(`character '${bad}' is not permitted in 'userlist' name '${name}'.`, cursor.position(1), {
      ...detail,
      expected: NAME_CHARACTERS,
    });
  } else if (state.userlists.has(name)) {
    state.diagnostics.warning(`ignoring duplicated userlist '${name}'.`, cursor.position(1), detail);
  } else {
    state.userlists.set(name, draft);
  }
  refuseMore(cursor);
  return draft;
}

export function openHttpErrors(cursor: Cursor, state: ParseState): HttpErrorsContext['draft'] {
  const at = cursor.position();
  cursor.next();
  const name = cursor.next() ?? '';
  const errors: Record<number, ErrorPage> = {};
  const draft: HttpErrorsContext['draft'] = { name, at, errors };
  const length = Math.max(1, name.length);
  const bad = invalidCharacter(name);
  const other = state.httpErrors.get(name);
  if (name === '') {
    state.diagnostics.alert('missing name for http-errors section.', cursor.position(1), { expected: 'a name' });
  } else if (bad !== undefined) {
    state.diagnostics.alert(
      `character '${bad}' is not permitted in 'http-errors' name '${name}'.`,
      cursor.position(1),
      { length, expected: NAME_CHARACTERS },
    );
  } else if (other !== undefined) {
    const where = `${other.at.file}:${other.at.line}`;
    state.diagnostics.alert(
      `http-errors section '${name}' already exists (declared at ${where}).`,
      cursor.position(1),
      { length, form: 'tight', remedy: 'rename one of the two' },
    );
  } else {
    state.httpErrors.set(name, draft);
  }
  refuseMore(cursor);
  return draft;
}

/** Words after the name are read over, as in HAProxy. */
export function openResolvers(cursor: Cursor, state: ParseState): ResolversContext['draft'] {
  const at = cursor.position();
  cursor.next();
  const name = cursor.next() ?? '';
  const hold = {
    nx: undefined,
    refused: undefined,
    timeout: undefined,
    other: undefined,
    valid: undefined,
    obsolete: undefined,
  };
  const draft: ResolversContext['draft'] = {
    name,
    at,
    nameservers: [],
    parseResolvConf: false,
    acceptedPayloadSize: 512,
    resolveRetries: 3,
    timeoutResolveMs: 1000,
    timeoutRetryMs: 1000,
    hold,
  };
  const length = Math.max(1, name.length);
  const bad = invalidCharacter(name);
  const other = state.resolvers.get(name);
  if (name === '') {
    state.diagnostics.alert('missing name for resolvers section.', cursor.position(1), { expected: 'a name' });
  } else if (bad !== undefined) {
    state.diagnostics.alert(`character '${bad}' is not permitted in 'resolvers' name '${name}'.`, cursor.position(1), {
      length,
      expected: NAME_CHARACTERS,
    });
  } else if (other !== undefined) {
    const where = `${other.at.file}:${other.at.line}`;
    state.diagnostics.alert(
      `resolvers '${name}' has same name as another resolvers (declared at ${where}).`,
      cursor.position(1),
      { length, form: 'tight', remedy: 'rename one of the two' },
    );
  } else {
    state.resolvers.set(name, draft);
  }
  return draft;
}

/** Words after the name are read over, as in HAProxy. */
export function openMailers(cursor: Cursor, state: ParseState): MailersContext['draft'] {
  const at = cursor.position();
  cursor.next();
  const name = cursor.next() ?? '';
  const draft: MailersContext['draft'] = { name, at, timeoutMs: MAIL_TIMEOUT_MS, mailers: [] };
  const length = Math.max(1, name.length);
  const bad = invalidCharacter(name);
  const other = state.mailers.get(name);
  if (name === '') {
    state.diagnostics.alert('missing name for mailers section.', cursor.position(1), { expected: 'a name' });
  } else if (bad !== undefined) {
    state.diagnostics.alert(`character '${bad}' is not permitted in 'mailers' name '${name}'.`, cursor.position(1), {
      length,
      expected: NAME_CHARACTERS,
    });
  } else if (other !== undefined) {
    state.diagnostics.alert(
      `mailers section '${name}' has the same name as another mailers section declared at ${other.at.file}:${other.at.line}.`,
      cursor.position(1),
      { length, form: 'tight', remedy: 'rename one of the two' },
    );
  } else {
    state.mailers.set(name, draft);
  }
  return draft;
}

/** Manual 3.6: "If not defined the default value is 10 seconds". */
const MAIL_TIMEOUT_MS = 10_000;

function refuseMore(cursor: Cursor): void {
  const extra = cursor.peek();
  if (extra === undefined) return;
  cursor.diagnostics.alert(`'${cursor.keyword}' cannot handle unexpected argument '${extra}'.`, cursor.position(), {
    length: extra.length,
    expected: 'the end of the line',
  });
}
