/**
 * Manual section 5.2: the options of `server`, `server-template` and `default-server`, but for those of checks
 * (`server-checks.ts`) and of addresses (`server-addresses.ts`).
 */

import type { Cursor } from '../cursor.ts';
import { announce } from '../dispatch.ts';
import type { ServerContext } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import { parseTimeMs } from '../units.ts';
import { delay, flag, number, SERVER, word } from './server-option-parsers.ts';

function readId(cursor: Cursor, { draft, form, proxy }: ServerContext): void {
  if (form === 'default')
    cursor.failAt(cursor.index - 1, "'id' option is not accepted in default-server sections", {
      remedy: 'give each server an id of its own',
    });
  const id = cursor.integer('a number', {
    min: 1,
    message: (text) => (text === '' ? "'id' : expects an integer argument." : "'id' : custom id has to be > 0."),
  });
  const other = proxy.notes.serverIds.get(id);
  if (other !== undefined)
    cursor.failLast(
      `'id' : custom id ${id} already used at ${other.at.file}:${other.at.line} ('server ${other.name}').`,
      { remedy: "choose another number, or leave 'id' out" },
    );
  proxy.notes.serverIds.set(id, draft);
  draft.id = id;
  draft.idExplicit = true;
}

export const serverOptionKeywords: readonly Keyword<ServerContext>[] = [
  { name: 'backup', places: SERVER, state: 'works', manual: '5.2', parse: flag('backup', true) },
  { name: 'no-backup', places: SERVER, state: 'works', manual: '5.2', parse: flag('backup', false) },
  {
    name: 'cookie',
    places: SERVER,
    state: 'later',
    severity: 'warning',
    manual: '5.2',
    reason: "'cookie' persistence is not available",
    parse: word('cookie', '<value>'),
  },
  { name: 'disabled', places: SERVER, state: 'works', manual: '5.2', parse: flag('disabled', true) },
  { name: 'enabled', places: SERVER, state: 'works', manual: '5.2', parse: flag('disabled', false) },
  { name: 'id', places: SERVER, state: 'works', manual: '5.2', parse: readId },
  {
    name: 'max-reuse',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: number('maxReuse', -1, 0x7fffffff, "'max-reuse' must be >= -1."),
  },
  { name: 'maxconn', places: SERVER, state: 'works', manual: '5.2', parse: number('maxconn', 0, 0x7fffffff) },
  { name: 'maxqueue', places: SERVER, state: 'works', manual: '5.2', parse: number('maxqueue', 0, 0x7fffffff) },
  {
    name: 'minconn',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: number('minconn', 0, 0x7fffffff),
  },
  {
    name: 'log-proto',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor, { draft, ring }) => {
      const at = cursor.index - 1;
      draft.logProto = cursor.oneOf('framing', ['legacy', 'octet-count'], (text) =>
        text === ''
          ? "'log-proto' expects <protocol> as argument."
          : `'log-proto' expects one of 'legacy' or 'octet-count' but got '${text}'.`,
      );
      if (ring === true) return;
      cursor.diagnostics.warning(
        `${cursor.subject}'log-proto' has no effect here: it says how the lines of a ring are framed.`,
        cursor.position(at),
        { form: cursor.form, length: 'log-proto'.length, remedy: 'leave it out, or move the server to a ring section' },
      );
    },
  },
  {
    name: 'pool-low-conn',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: number('poolLowConn', 0, 0x7fffffff, "'pool-low-conn' must be >= 0."),
  },
  {
    name: 'pool-max-conn',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor, { draft }) => {
      draft.poolMaxConn = cursor.integer('a number', {
        min: -1,
        message: (text) =>
          text === '' ? "'pool-max-conn' expects <value> as argument." : "'pool-max-conn' must be >= -1.",
      });
    },
  },
  { name: 'pool-purge-delay', places: SERVER, state: 'works', manual: '5.2', parse: delay('poolPurgeDelayMs', 0) },
  { name: 'redir', places: SERVER, state: 'works', manual: '5.2', parse: word('redir', '<prefix>') },
  {
    name: 'send-proxy',
    places: SERVER,
    state: 'later',
    manual: '5.2',
    reason: 'the PROXY protocol is not available',
    parse: (_cursor, { draft }) => {
      draft.sendProxy = 'v1';
    },
  },
  {
    name: 'send-proxy-v2',
    places: SERVER,
    state: 'later',
    manual: '5.2',
    reason: 'the PROXY protocol is not available',
    parse: (_cursor, { draft }) => {
      draft.sendProxy = 'v2';
    },
  },
  {
    name: 'no-send-proxy',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (_cursor, { draft }) => {
      if (draft.sendProxy === 'v1') draft.sendProxy = undefined;
    },
  },
  {
    name: 'no-send-proxy-v2',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (_cursor, { draft }) => {
      if (draft.sendProxy === 'v2') draft.sendProxy = undefined;
    },
  },
  { name: 'slowstart', places: SERVER, state: 'works', manual: '5.2', parse: delay('slowstartMs', 0) },
  {
    name: 'tcp-ut',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor, { draft }) => {
      const result = parseTimeMs(cursor.word('a delay', "'tcp-ut' : missing TCP User Timeout value."), 'ms');
      if (!result.ok)
        return cursor.failLast("'tcp-ut' : expects a positive delay in milliseconds.", { expected: 'a time' });
      draft.tcpUserTimeoutMs = result.value;
    },
  },
  {
    name: 'tfo',
    places: SERVER,
    state: 'accepted',
    manual: '5.2',
    reason: 'connections to servers are made without TCP fast open, which costs a round trip and nothing else',
    parse: flag('tfo', true),
  },
  { name: 'no-tfo', places: SERVER, state: 'works', manual: '5.2', parse: flag('tfo', false) },
  {
    name: 'ws',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor, { state }) => {
      const index = cursor.index - 1;
      const protocol = cursor.oneOf('protocol', ['auto', 'h1', 'h2'], "'ws' has to be 'auto', 'h1' or 'h2'.");
      if (protocol !== 'h2') return;
      const reason = "websockets go to servers over HTTP/1; write 'ws h1'";
      announce(cursor, { name: 'ws h2', state: 'refused', manual: '5.2', reason }, index, state.noted);
    },
  },
  {
    name: 'weight',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor, { draft }) => {
      draft.weight = cursor.integer('a weight', {
        min: 0,
        max: 256,
        message: (text) => `weight of server ${draft.name} is not within 0 and 256 (${text}).`,
      });
    },
  },
];
