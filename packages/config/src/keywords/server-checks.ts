/** Manual section 5.2: the options of a server line that say how the server is checked, and what a check's result does. */

import { parseAddress } from '../address.ts';
import type { Cursor } from '../cursor.ts';
import type { ServerContext } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import { readAddressWord } from './readers.ts';
import { delay, flag, number, SERVER, word } from './server-option-parsers.ts';

/** `check-and BACKEND[,BACKEND…]`, our own: what must be passed besides the check of the server's own backend. */
function readCheckAnd(cursor: Cursor, { draft }: ServerContext): void {
  const names = cursor
    .word('a backend', "'check-and' expects the name of a backend, or several with commas.")
    .split(',');
  if (names.includes('')) cursor.failLast("'check-and' : a name is empty.", { expected: 'names with commas' });
  draft.checkAnd = names;
}

/** `addr ADDRESS[:PORT]`: where checks go. */
function readCheckAddress(cursor: Cursor, { draft, state }: ServerContext): void {
  const result = parseAddress(readAddressWord(cursor, state), { port: 'optional' });
  if (!result.ok)
    cursor.failLast(`'addr' : ${result.reason}.`, {
      expected: 'an address with an optional port, as 192.0.2.1 or [2001:db8::1]:80',
    });
  if (result.address.kind !== 'inet')
    cursor.failLast("'addr' : only an IPv4 or IPv6 address can be checked.", {
      expected: 'an address with an optional port, as 192.0.2.1 or [2001:db8::1]:80',
    });
  draft.checkAddress = result.address.host;
  if (result.address.port !== undefined) draft.checkPort = result.address.port.first;
}

/** `agent-port N`: numbers out of range are no port, as in HAProxy, which is found where an agent is asked for. */
function readAgentPort(cursor: Cursor, { draft }: ServerContext): void {
  const word = cursor.word('a port number', "'agent-port' expects a port number as argument.");
  const port = /^\d+$/.test(word) ? Number(word) : 0;
  draft.agentPort = port <= 65_535 ? port : 0;
}

/** `agent-addr ADDRESS`: a name is looked up for each connection. */
function readAgentAddress(cursor: Cursor, { draft, state }: ServerContext): void {
  if (cursor.atEnd) cursor.fail("'agent-addr' expects an address as argument.", { expected: 'an address or a name' });
  const word = readAddressWord(cursor, state);
  const result = parseAddress(word, { port: 'optional' });
  if (!result.ok || result.address.kind !== 'inet')
    cursor.failLast(`parsing agent-addr failed. Check if '${word}' is correct address.`, {
      expected: 'an address or a host name',
    });
  draft.agentAddress = result.address.host;
}

export const serverCheckKeywords: readonly Keyword<ServerContext>[] = [
  { name: 'addr', places: SERVER, state: 'works', manual: '5.2', parse: readCheckAddress },
  { name: 'agent-addr', places: SERVER, state: 'works', manual: '5.2', parse: readAgentAddress },
  { name: 'agent-check', places: SERVER, state: 'works', manual: '5.2', parse: flag('agentCheck', true) },
  { name: 'no-agent-check', places: SERVER, state: 'works', manual: '5.2', parse: flag('agentCheck', false) },
  { name: 'agent-inter', places: SERVER, state: 'works', manual: '5.2', parse: delay('agentInterMs', 1) },
  { name: 'agent-port', places: SERVER, state: 'works', manual: '5.2', parse: readAgentPort },
  {
    name: 'agent-send',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor, { draft }) => {
      draft.agentSend = cursor.word('a string', "'agent-send' expects a string as argument.");
    },
  },
  { name: 'check', places: SERVER, state: 'works', manual: '5.2', parse: flag('check', true) },
  { name: 'no-check', places: SERVER, state: 'works', manual: '5.2', parse: flag('check', false) },
  { name: 'check-via-socks4', places: SERVER, state: 'works', manual: '5.2', parse: flag('checkViaSocks4', true) },
  { name: 'check-and', places: SERVER, state: 'works', manual: '5.2', parse: readCheckAnd },
  {
    name: 'check-send-proxy',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: flag('checkSendProxy', true),
  },
  { name: 'no-check-send-proxy', places: SERVER, state: 'works', manual: '5.2', parse: flag('checkSendProxy', false) },
  { name: 'downinter', places: SERVER, state: 'works', manual: '5.2', parse: delay('downInterMs', 1) },
  {
    name: 'error-limit',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: number('errorLimit', 1, 0x7fffffff, 'error-limit has to be > 0.'),
  },
  {
    name: 'fall',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: number('fall', 1, 0x7fffffff, "'fall' has to be > 0."),
  },
  { name: 'fastinter', places: SERVER, state: 'works', manual: '5.2', parse: delay('fastInterMs', 1) },
  { name: 'inter', places: SERVER, state: 'works', manual: '5.2', parse: delay('interMs', 1) },
  {
    name: 'observe',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor, { draft }) => {
      const mode = cursor.oneOf('mode', ['none', 'layer4', 'layer7'], (text) =>
        text === ''
          ? "'observe' expects <mode> as argument."
          : `'observe' expects one of 'none', 'layer4', 'layer7' but got '${text}'.`,
      );
      draft.observe = mode === 'none' ? undefined : mode;
    },
  },
  {
    name: 'on-error',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor, { draft }) => {
      draft.onError = cursor.oneOf('action', ['fastinter', 'fail-check', 'sudden-death', 'mark-down'], (text) =>
        text === ''
          ? "'on-error' expects <mode> as argument."
          : `'on-error' expects one of 'fastinter', 'fail-check', 'sudden-death' or 'mark-down' but got '${text}'.`,
      );
    },
  },
  {
    name: 'on-marked-down',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor, { draft }) => {
      draft.onMarkedDown = cursor.oneOf('action', ['shutdown-sessions'], (text) =>
        text === ''
          ? "'on-marked-down' expects <mode> as argument."
          : `'on-marked-down' expects 'shutdown-sessions' but got '${text}'.`,
      );
    },
  },
  {
    name: 'on-marked-up',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor, { draft }) => {
      draft.onMarkedUp = cursor.oneOf('action', ['shutdown-backup-sessions'], (text) =>
        text === ''
          ? "'on-marked-up' expects <mode> as argument."
          : `'on-marked-up' expects 'shutdown-backup-sessions' but got '${text}'.`,
      );
    },
  },
  {
    name: 'port',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor, { draft }) => {
      draft.checkPort = cursor.integer('a port number', {
        min: 1,
        max: 65535,
        message: "'port' expects a port number as argument.",
      });
    },
  },
  {
    name: 'rise',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: number('rise', 1, 0x7fffffff, "'rise' has to be > 0."),
  },
  { name: 'track', places: SERVER, state: 'works', manual: '5.2', parse: word('track', '[<proxy>/]<server>') },
];
