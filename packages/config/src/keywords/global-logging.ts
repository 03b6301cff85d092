/** The logging and runtime-socket keywords of the global section (manual section 3.1, and 9.3 of the management guide). */

import type { Cursor } from '../cursor.ts';
import type { BindContext, BindDraft, GlobalContext, StatsSocketDraft } from '../draft.ts';
import { initialBind } from '../initial.ts';
import type { Keyword } from '../keyword.ts';
import { readAddresses } from './addresses.ts';
import { readLogTarget } from './log-target.ts';
import { readOptions } from './options.ts';
import { isRepeated } from './readers.ts';

const GLOBAL = ['global'] as const;

function readLog(cursor: Cursor, { draft, state }: GlobalContext): void {
  if (cursor.prefix !== undefined) {
    const extra = cursor.peek();
    if (extra !== undefined)
      cursor.fail("log : 'no log' does not expect arguments", { expected: 'the end of the line' });
    draft.logs = [];
    return;
  }
  if (cursor.peek() === 'global')
    cursor.fail("log : 'global' is not supported for a global syslog server", { expected: 'an address' });
  draft.logs.push(readLogTarget(cursor, state, 'log : expects <address> and <facility>  as arguments'));
}

/** `stats socket ADDRESS[,…] [bind options]`: one model entry per address. */
function readStatsSocket(cursor: Cursor, { draft, state }: GlobalContext): void {
  const at = cursor.position(0);
  cursor.subject = "'stats socket' : ";
  if (cursor.atEnd) {
    cursor.subject = '';
    cursor.fail("'stats socket' in global section expects an address or a path to a UNIX socket", {
      expected: 'an address or a path',
    });
  }
  const addresses = readAddresses(cursor, state, { port: 'required', range: true, fd: true });
  const bind = initialBind(at);
  const context: BindContext = { state, proxy: undefined, draft: bind };
  readOptions(cursor, state.keywords.bindOptions, context, { subject: cursor.subject });
  warnWithoutEffect(cursor, bind);
  for (const address of addresses) {
    const socket: StatsSocketDraft = {
      address,
      at,
      level: bind.level ?? 'operator',
      severityOutput: bind.severityOutput ?? 'none',
      mode: bind.mode,
      user: bind.user,
      group: bind.group,
      uid: bind.uid,
      gid: bind.gid,
      name: bind.name,
      backlog: bind.backlog,
      interface: bind.interface,
      v4v6: bind.v4v6,
      v6only: bind.v6only,
    };
    draft.statsSockets.push(socket);
  }
}

/** Options of `bind` that a runtime socket has no use for, with their fields. */
const WITHOUT_EFFECT = {
  deferAccept: 'defer-accept',
  maxconn: 'maxconn',
  mss: 'mss',
  tcpUserTimeoutMs: 'tcp-ut',
  tfo: 'tfo',
  transparent: 'transparent',
} as const satisfies Partial<Record<keyof BindDraft, string>>;

function warnWithoutEffect(cursor: Cursor, bind: BindDraft): void {
  for (const [field, name] of Object.entries(WITHOUT_EFFECT) as [keyof typeof WITHOUT_EFFECT, string][]) {
    const value = bind[field];
    if (value === undefined || value === false) continue;
    const index = cursor.line.words.indexOf(name);
    cursor.diagnostics.warning(
      `${cursor.subject}'${name}' has no effect on a runtime socket.`,
      cursor.position(index),
      { length: name.length, remedy: name === 'maxconn' ? "use 'stats maxconn'" : 'leave it out' },
    );
  }
}

export const globalLoggingKeywords: readonly Keyword<GlobalContext>[] = [
  { name: 'log', places: GLOBAL, negatable: true, state: 'works', manual: '3.1', parse: readLog },
  {
    name: 'log-send-hostname',
    places: GLOBAL,
    state: 'works',
    manual: '3.1',
    parse: (cursor, { draft }) => {
      const name = cursor.next();
      if (!isRepeated(cursor, draft.logSendHostname)) draft.logSendHostname = { name: name === '' ? undefined : name };
    },
  },
  {
    name: 'log-tag',
    places: GLOBAL,
    state: 'works',
    manual: '3.1',
    parse: (cursor, { draft }) => {
      draft.logTag = cursor.word('a tag', "'log-tag' expects a tag for use in syslog.");
      cursor.end();
    },
  },
  { name: 'stats socket', places: GLOBAL, state: 'works', manual: '3.1', parse: readStatsSocket },
  {
    name: 'stats timeout',
    places: GLOBAL,
    state: 'works',
    manual: '3.1',
    parse: (cursor, { draft }) => {
      draft.statsTimeoutMs = cursor.time('a time', {
        message: (word) => `'stats timeout' : unexpected character '${/[^0-9]/.exec(word)?.[0] ?? ''}'`,
      });
      if (draft.statsTimeoutMs === 0)
        cursor.failLast("'stats timeout' expects a positive value", { expected: 'a time of at least 1ms' });
    },
  },
  {
    name: 'stats maxconn',
    places: GLOBAL,
    state: 'works',
    manual: '3.1',
    parse: (cursor, { draft }) => {
      draft.statsMaxconn = cursor.integer('a number', { min: 1, message: "'stats maxconn' expects a positive value" });
    },
  },
];
