/** Manual section 5.1: the options of `bind` and `stats socket`. Each reads what follows its name. */

import type { Cursor } from '../cursor.ts';
import type { BindContext, BindDraft } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import { parseTimeMs } from '../units.ts';
import { numberSet } from './global-performance.ts';
import { readMode, readUserId } from './readers.ts';

const BIND = ['bind-option'] as const;

type Parse = NonNullable<Keyword<BindContext>['parse']>;
type FlagField = { [K in keyof BindDraft]: BindDraft[K] extends boolean ? K : never }[keyof BindDraft];

function flag(field: FlagField): Parse {
  return (_cursor, { draft }) => {
    draft[field] = true;
  };
}

function text(field: 'name' | 'interface', missing: string): Parse {
  return (cursor, { draft }) => {
    draft[field] = cursor.word('a name', missing);
  };
}

function number(field: 'maxconn' | 'backlog', bound: string): Parse {
  return (cursor, { draft }) => {
    draft[field] = cursor.integer('a number', {
      min: 0,
      message: (word) =>
        word === ''
          ? `'${cursor.keyword}' : missing value`
          : `'${cursor.keyword}' : invalid value ${word}, must be ${bound}`,
    });
  };
}

function owner(kind: 'user' | 'group'): Parse {
  const idField = kind === 'user' ? 'uid' : 'gid';
  return (cursor, { draft, state }) => {
    const message = (word: string): string =>
      word === '' ? `'${kind}' : missing ${kind} name` : `'${kind}' : unknown ${kind} name '${word}'`;
    if (cursor.atEnd) cursor.fail(message(''), { expected: `a ${kind} of this host` });
    const { name, id } = readUserId(cursor, state, kind, message);
    draft[kind] = name;
    draft[idField] = id;
  };
}

function ownerId(field: 'uid' | 'gid'): Parse {
  return (cursor, { draft }) => {
    draft[field] = cursor.integer('a numeric id', {
      min: 0,
      message: (word) => (word === '' ? `'${field}' : missing value` : `'${field}' : invalid value '${word}'`),
    });
  };
}

function readId(cursor: Cursor, { draft, proxy }: BindContext): void {
  const message = (word: string): string => {
    if (word === '') return "'id' : expects an integer argument";
    return /^-?\d+$/.test(word)
      ? "'id' : custom id has to be > 0"
      : `'id' : expects an integer argument, found '${word}'`;
  };
  const id = cursor.integer('a number', { min: 1, message });
  const [address, ...others] = draft.addresses;
  const isRange = address?.kind === 'inet' && address.port !== undefined && address.port.last > address.port.first;
  if (others.length > 0 || isRange) {
    cursor.failLast("'id' can only be used with a single socket", {
      remedy: "give each address and port a bind line of its own, or leave 'id' out",
    });
  }
  const other = proxy?.notes.bindIds.get(id);
  if (other !== undefined) {
    cursor.failLast(`'id' : custom id ${id} already used at ${other.at.file}:${other.at.line}`, {
      remedy: "choose another number, or leave 'id' out",
    });
  }
  proxy?.notes.bindIds.set(id, draft);
  draft.id = id;
}

function readMss(cursor: Cursor, { draft }: BindContext): void {
  const message = (word: string): string =>
    word === '' ? "'mss' : missing MSS value" : "'mss' : expects an MSS with and absolute value between 1 and 65535";
  draft.mss = cursor.integer('an MSS', { min: -65535, max: 65535, message });
  if (draft.mss === 0) cursor.failLast(message('0'));
}

function readTcpUserTimeout(cursor: Cursor, { draft }: BindContext): void {
  const word = cursor.word('a delay', "'tcp-ut' : missing TCP User Timeout value");
  const result = parseTimeMs(word, 'ms');
  if (!result.ok) cursor.failLast("'tcp-ut' : expects a positive delay in milliseconds", { expected: 'a time' });
  draft.tcpUserTimeoutMs = result.value;
}

function readNice(cursor: Cursor, { draft }: BindContext): void {
  draft.nice = cursor.integer('a number', {
    min: -1024,
    max: 1024,
    message: (word) =>
      word === '' ? "'nice' : missing value" : `'nice' : invalid value ${word}, allowed range is -1024..1024`,
  });
}

function readShards(cursor: Cursor, { draft }: BindContext): void {
  if (cursor.take('by-thread')) return;
  draft.shards = cursor.integer('a number', {
    min: 1,
    max: 64,
    message: (word) =>
      `'shards' : invalid value ${/^\d+$/.test(word) ? word : 0}, allowed range is 1..64 or 'by-thread'`,
  });
}

/** `thread [1/]SET`: threads are counted from 1, in one group. */
function readThread(cursor: Cursor, { draft }: BindContext): void {
  const word = cursor.word('a thread set', "'thread' : missing thread set");
  const group = /^(\d+)\//.exec(word);
  if (group !== null && group[1] !== '1') {
    return cursor.failLast(`'${word}' thread-group number must be between 1 and 1 (was ${group[1]})`, {
      expected: 'thread numbers alone, or after 1/',
    });
  }
  const set = group === null ? word : word.slice(2);
  draft.threads = [...new Set([...(draft.threads ?? []), ...numberSet(cursor, set, 1, 64, `'${word}' : `)])].sort(
    (left, right) => left - right,
  );
}

export const bindOptionKeywords: readonly Keyword<BindContext>[] = [
  {
    name: 'accept-proxy',
    places: BIND,
    state: 'later',
    manual: '5.1',
    reason: 'the PROXY protocol is not available',
    parse: flag('acceptProxy'),
  },
  { name: 'backlog', places: BIND, state: 'works', manual: '5.1', parse: number('backlog', '> 0') },
  { name: 'defer-accept', places: BIND, state: 'works', manual: '5.1', parse: flag('deferAccept') },
  {
    name: 'expose-fd',
    places: BIND,
    state: 'accepted',
    severity: 'quiet',
    manual: '5.1',
    reason: 'a reload keeps its listeners in one process',
    parse: (cursor) => {
      cursor.oneOf('fd type', ['listeners'], (word) =>
        word === '' ? "'expose-fd' : missing fd type" : "'expose-fd' : unsupported fd type",
      );
    },
  },
  { name: 'gid', places: BIND, state: 'works', manual: '5.1', parse: ownerId('gid') },
  { name: 'group', places: BIND, state: 'works', manual: '5.1', parse: owner('group') },
  { name: 'id', places: BIND, state: 'works', manual: '5.1', parse: readId },
  {
    name: 'interface',
    places: BIND,
    state: 'works',
    manual: '5.1',
    parse: text('interface', "'interface' : missing interface name"),
  },
  {
    name: 'level',
    places: BIND,
    state: 'works',
    manual: '5.1',
    parse: (cursor, { draft }) => {
      draft.level = cursor.oneOf('level', ['user', 'operator', 'admin'], (word) =>
        word === ''
          ? "'level' : missing level"
          : `'level' only supports 'user', 'operator', and 'admin' (got '${word}')`,
      );
    },
  },
  { name: 'maxconn', places: BIND, state: 'works', manual: '5.1', parse: number('maxconn', '>= 0') },
  {
    name: 'mode',
    places: BIND,
    state: 'works',
    manual: '5.1',
    parse: (cursor, { draft }) => {
      draft.mode = readMode(cursor, (word) => `'mode' : missing or invalid mode '${word}' (octal integer expected)`);
    },
  },
  { name: 'mss', places: BIND, state: 'works', manual: '5.1', parse: readMss },
  { name: 'name', places: BIND, state: 'works', manual: '5.1', parse: text('name', "'name' : missing name") },
  {
    name: 'nice',
    places: BIND,
    state: 'accepted',
    manual: '5.1',
    reason: 'all sockets of a thread have the same priority',
    parse: readNice,
  },
  {
    name: 'severity-output',
    places: BIND,
    state: 'works',
    manual: '5.1',
    parse: (cursor, { draft }) => {
      draft.severityOutput = cursor.oneOf('format', ['none', 'number', 'string'], (word) =>
        word === ''
          ? "'severity-output' : missing severity-output format"
          : `'severity-output' only supports 'none', 'number', and 'string' (got '${word}')`,
      );
    },
  },
  {
    name: 'shards',
    places: BIND,
    state: 'accepted',
    severity: 'quiet',
    manual: '5.1',
    reason: 'every thread has a socket of its own',
    parse: readShards,
  },
  { name: 'tcp-ut', places: BIND, state: 'works', manual: '5.1', parse: readTcpUserTimeout },
  { name: 'tfo', places: BIND, state: 'works', manual: '5.1', parse: flag('tfo') },
  { name: 'thread', places: BIND, state: 'works', manual: '5.1', parse: readThread },
  { name: 'transparent', places: BIND, state: 'works', manual: '5.1', parse: flag('transparent') },
  { name: 'uid', places: BIND, state: 'works', manual: '5.1', parse: ownerId('uid') },
  { name: 'user', places: BIND, state: 'works', manual: '5.1', parse: owner('user') },
  { name: 'v4v6', places: BIND, state: 'works', manual: '5.1', parse: flag('v4v6') },
  { name: 'v6only', places: BIND, state: 'works', manual: '5.1', parse: flag('v6only') },
];
