/** Manual section 3.4: users and groups. Later definitions of a name are ignored with a warning, as in HAProxy. */

import type { Cursor } from '../cursor.ts';
import type { Mutable, UserlistContext } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import type { Userlist } from '../model.ts';

const USERLIST = ['userlist'] as const;

/** `group NAME [users U,…]` */
function readGroup(cursor: Cursor, { draft, known, state }: UserlistContext): void {
  cursor.form = 'tight';
  const name = cursor.word('a name', "'group' expects <name> as arguments.");
  if (known.groups.has(name)) {
    cursor.warn(`ignoring duplicated group '${name}' in userlist '${draft.name}'.`);
    return;
  }
  const users: string[] = [];
  while (!cursor.atEnd) {
    if (!cursor.take('users')) cursor.fail(`'group' only supports 'users' option.`, { expected: "'users'" });
    const at = cursor.position();
    const list = readList(cursor, 'users');
    users.push(...list);
    state.whenComplete(() => {
      for (const user of list) {
        if (known.users.has(user)) continue;
        state.diagnostics.alert(`userlist '${draft.name}': no such user '${user}' specified in group '${name}'`, at, {
          form: 'plain',
          length: user.length,
          nearest: state.diagnostics.nearest(user, known.users),
          remedy: `add a line 'user ${user}'`,
        });
      }
    });
  }
  known.groups.add(name);
  draft.groups.push({ name, users });
}

/** `user NAME [password|insecure-password TEXT] [groups G,…]` */
function readUser(cursor: Cursor, context: UserlistContext): void {
  const { draft, known } = context;
  cursor.form = 'tight';
  const name = cursor.word('a name', "'user' expects <name> as arguments.");
  if (known.users.has(name)) {
    cursor.warn(`ignoring duplicated user '${name}' in userlist '${draft.name}'.`);
    return;
  }
  const user: Mutable<Userlist['users'][number]> = { name, password: '', encrypted: true, groups: [] };
  while (!cursor.atEnd) {
    if (cursor.take('password')) {
      user.password = cursor.word('a password', "'password' expects an encrypted password.");
      user.encrypted = true;
    } else if (cursor.take('insecure-password')) {
      user.password = cursor.word('a password', "'insecure-password' expects a password.");
      user.encrypted = false;
    } else if (cursor.take('groups')) {
      const at = cursor.position();
      user.groups.push(...readList(cursor, 'groups'));
      context.state.whenComplete(() => checkGroups(context, name, user.groups, at));
    } else {
      cursor.fail(`unsupported '${cursor.peek()}' in 'user'.`, {
        expected: "'password', 'insecure-password' or 'groups'",
      });
    }
  }
  known.users.add(name);
  draft.users.push(user);
}

function readList(cursor: Cursor, what: string): string[] {
  return cursor
    .word(what, `'${what}' expects a list of names.`)
    .split(',')
    .filter((entry) => entry !== '');
}

function checkGroups(
  { draft, known, state }: UserlistContext,
  user: string,
  groups: readonly string[],
  at: { file: string; line: number; column: number },
): void {
  for (const group of groups) {
    if (known.groups.has(group)) continue;
    state.diagnostics.alert(`userlist '${draft.name}': no such group '${group}' specified in user '${user}'`, at, {
      form: 'plain',
      length: group.length,
      nearest: state.diagnostics.nearest(group, known.groups),
      remedy: `add a line 'group ${group}'`,
    });
  }
}

/** A list that nothing asks is no fault; what would ask it says that it cannot. */
const UNUSED = {
  state: 'later',
  severity: 'quiet',
  manual: '3.4',
  reason: "'http_auth' and 'http_auth_group', which look users up, are errors",
} as const;

export const userlistKeywords: readonly Keyword<UserlistContext>[] = [
  { name: 'group', places: USERLIST, ...UNUSED, parse: readGroup },
  { name: 'user', places: USERLIST, ...UNUSED, parse: readUser },
];
