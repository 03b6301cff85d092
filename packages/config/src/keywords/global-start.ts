/** Manual section 3.1 and 3.3: how the process reads, starts and ends. */

import type { Cursor } from '../cursor.ts';
import type { GlobalContext } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import { readMode, readUserId } from './readers.ts';

const GLOBAL = ['global'] as const;

type Parse = NonNullable<Keyword<GlobalContext>['parse']>;

function flag(field: 'quiet' | 'zeroWarning' | 'h1AcceptPayloadWithAnyMethod'): Parse {
  return (cursor, { draft }) => {
    cursor.end();
    draft[field] = true;
  };
}

/** A time, or `infinite`: connections are not closed because of a stop. */
function readCloseSpreadTime(cursor: Cursor, { draft }: GlobalContext): void {
  if (cursor.atEnd)
    cursor.fail("'close-spread-time' expects <time> as argument.", { expected: "a time, or 'infinite'" });
  draft.closeSpreadTimeMs = cursor.take('infinite')
    ? 'infinite'
    : cursor.time('a time', {
        message: (word) =>
          `unexpected character '${/[^0-9]/.exec(word)?.[0] ?? ''}' in argument to <close-spread-time>.`,
      });
  cursor.end();
}

const PATH_POLICIES = ['current', 'config', 'parent', 'origin'] as const;

function readDefaultPath(cursor: Cursor, { state }: GlobalContext): void {
  const kind = cursor.oneOf('policy', PATH_POLICIES, (word) =>
    word === ''
      ? "'default-path' expects a policy: 'current', 'config', 'parent', or 'origin <path>'."
      : `'default-path' : unknown policy '${word}'.`,
  );
  if (kind === 'origin') {
    const path = cursor.word('a directory', "'default-path' expects a directory with 'origin'.");
    cursor.end();
    const answer = state.defaultPath.machine.listDirectory(path);
    if (!answer.ok)
      cursor.failLast(`'default-path' : '${path}' cannot be entered: ${answer.reason}.`, {
        expected: 'a directory that exists',
      });
    state.defaultPath.set({ kind, path });
    return;
  }
  cursor.end();
  state.defaultPath.set({ kind });
}

function readFdHardLimit(cursor: Cursor, { draft }: GlobalContext): void {
  draft.fdHardLimit = cursor.integer('an integer', {
    min: 0,
    message: "'fd-hard-limit' expects an integer argument.",
  });
  cursor.end();
}

/** What Unix sockets of `bind` lines have that say nothing else. */
function readUnixBind(cursor: Cursor, { draft, state }: GlobalContext): void {
  const next = { ...draft.unixBind };
  while (!cursor.atEnd) {
    const option = cursor.word('an option');
    switch (option) {
      case 'prefix':
        next.prefix = cursor.word('a prefix', "'unix-bind' : 'prefix' expects a path.");
        break;
      case 'mode':
        next.mode = readMode(
          cursor,
          (word) => `'unix-bind' : missing or invalid mode '${word}' (octal integer expected)`,
        );
        break;
      case 'uid':
      case 'gid':
        next[option] = cursor.integer('a numeric id', {
          min: 0,
          message: (word) => `'unix-bind' : '${option}' expects a number, not '${word}'.`,
        });
        break;
      case 'user':
      case 'group': {
        const { id } = readUserId(cursor, state, option, (word) => `'unix-bind' : unknown ${option} name '${word}'`);
        next[option === 'user' ? 'uid' : 'gid'] = id;
        break;
      }
      default:
        cursor.failLast(
          `'unix-bind' only supports the 'prefix', 'mode', 'uid', 'gid', 'user' and 'group' options (got '${option}').`,
          { expected: 'prefix, mode, uid, gid, user or group' },
        );
    }
  }
  draft.unixBind = next;
}

export const globalStartKeywords: readonly Keyword<GlobalContext>[] = [
  { name: 'close-spread-time', places: GLOBAL, state: 'works', manual: '3.1', parse: readCloseSpreadTime },
  { name: 'default-path', places: GLOBAL, state: 'works', manual: '3.1', parse: readDefaultPath },
  { name: 'fd-hard-limit', places: GLOBAL, state: 'works', manual: '3.1', parse: readFdHardLimit },
  {
    name: 'h1-accept-payload-with-any-method',
    places: GLOBAL,
    state: 'works',
    manual: '3.1',
    parse: flag('h1AcceptPayloadWithAnyMethod'),
  },
  { name: 'quiet', places: GLOBAL, state: 'works', manual: '3.3', parse: flag('quiet') },
  { name: 'unix-bind', places: GLOBAL, state: 'works', manual: '3.1', parse: readUnixBind },
  { name: 'zero-warning', places: GLOBAL, state: 'works', manual: '3.3', parse: flag('zeroWarning') },
];
