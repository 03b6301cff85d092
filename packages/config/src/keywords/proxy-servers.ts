/** Manual sections 4.2 and 5: `bind`, `server`, `server-template` and `default-server` lines. */

import { parseAddress } from '../address.ts';
import type { Cursor } from '../cursor.ts';
import { guard } from '../dispatch.ts';
import type { BindContext, ProxyContext, ProxyDraft, ServerContext, ServerDraft } from '../draft.ts';
import { initialBind } from '../initial.ts';
import type { Keyword } from '../keyword.ts';
import type { SectionKind, UnixBind } from '../model.ts';
import { invalidCharacter } from '../names.ts';
import { readAddresses } from './addresses.ts';
import { readOptions } from './options.ts';
import { readAddressWord } from './readers.ts';

const FRONTENDS: readonly SectionKind[] = ['frontend', 'listen'];
const BACKENDS: readonly SectionKind[] = ['listen', 'backend'];

/** More servers from one line would be a slip of the pen: HAProxy's own test suite stays below 10,000. */
const MAX_TEMPLATE_SERVERS = 100_000;

function readBind(cursor: Cursor, { draft, state }: ProxyContext): void {
  const at = cursor.position(0);
  if (cursor.atEnd || cursor.peek() === '') {
    cursor.fail("'bind' expects {<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments.", {
      expected: 'an address and a port',
    });
  }
  const text = cursor.peek()!;
  const bind = initialBind(at);
  cursor.subject = "'bind' : ";
  bind.addresses = readAddresses(cursor, state, { port: 'required', range: true, fd: true });
  applyUnixBind(bind, state.global.unixBind);
  cursor.subject = `'bind ${text}' in section '${draft.kind}' : `;
  const context: BindContext = { state, proxy: draft, draft: bind };
  // Recorded before the options, which may end the line with a fault: the proxy has a listener all the same.
  draft.binds.push(bind);
  readOptions(cursor, state.keywords.bindOptions, context, { subject: `'bind ${text}' in section '${draft.kind}': ` });
}

/** `unix-bind`: for Unix sockets that say nothing else. */
function applyUnixBind(bind: BindContext['draft'], { prefix = '', mode, uid, gid }: UnixBind): void {
  if (!bind.addresses.some(({ kind }) => kind === 'unix')) return;
  bind.addresses = bind.addresses.map((address) =>
    address.kind === 'unix' ? { ...address, path: prefix + address.path } : address,
  );
  bind.mode = mode;
  bind.uid = uid;
  bind.gid = gid;
}

const SERVER_USAGE = "'server' expects <name> and <addr>[:<port>] as arguments.";

function readServer(cursor: Cursor, { draft, state }: ProxyContext): void {
  readServerLine(cursor, { draft, state });
}

/** A `server` line, which ends as one of the draft's servers; also of sections that have servers and are no proxies. */
export function readServerLine(
  cursor: Cursor,
  { draft, state, ring }: Pick<ProxyContext, 'draft' | 'state'> & { readonly ring?: boolean },
): ServerDraft {
  const at = cursor.position(0);
  cursor.form = 'place';
  const name = cursor.word('a name', SERVER_USAGE);
  checkServerName(cursor, name);
  if (cursor.atEnd || cursor.peek() === '') cursor.fail(SERVER_USAGE, { expected: 'an address' });
  const server: ServerDraft = { ...draft.defaultServer, at, name, id: 0, idExplicit: false };
  cursor.subject = `'server ${draft.name}/${name}' : `;
  server.address = readServerAddress(cursor, state);
  addServer(cursor, draft, server);
  readServerOptions(cursor, {
    state,
    proxy: draft,
    draft: server,
    form: 'server',
    ...(ring === true ? { ring } : {}),
  });
  return server;
}

/** Says what is wrong with a name; the rest of the line is read all the same, for its other faults. */
function checkServerName(cursor: Cursor, name: string): void {
  const bad = invalidCharacter(name);
  if (bad === undefined) return;
  cursor.diagnostics.alert(`character '${bad}' is not permitted in server name '${name}'.`, cursor.lastPosition(), {
    length: name.length,
    form: cursor.form,
    expected: 'letters, digits, -, _, . and :',
  });
}

/** In place of an address at fault: one with which nothing else is wrong. */
const ANY_ADDRESS: ServerDraft['address'] = { kind: 'unix', path: '' };

function readServerAddress(cursor: Cursor, state: ProxyContext['state']): ServerDraft['address'] {
  const address = guard(cursor.diagnostics, () => {
    const result = parseAddress(readAddressWord(cursor, state), { port: 'optional', offset: true, zeroPort: true });
    if (!result.ok)
      cursor.failLast(result.reason, {
        expected: 'an address with an optional port, as 192.0.2.1:80 or app.example:80',
      });
    return result.address;
  });
  return address ?? ANY_ADDRESS;
}

/** Two servers of one name are fatal unless the proxy turns out to be disabled, so this is judged at the end. */
function addServer(cursor: Cursor, draft: ProxyDraft, server: ServerDraft): void {
  const { serverNames, duplicateServers } = draft.notes;
  const first = serverNames.get(server.name);
  if (first === undefined) serverNames.set(server.name, server);
  else duplicateServers.push({ first, name: server.name, at: cursor.position(1) });
  draft.servers.push(server);
}

function readServerOptions(cursor: Cursor, context: ServerContext): void {
  readOptions(cursor, context.state.keywords.serverOptions, context, {
    subject: cursor.subject,
    hint: context.form === 'default' ? ' Hint: no address was expected for this server.' : '',
  });
}

function readDefaultServer(cursor: Cursor, { draft, state }: ProxyContext): void {
  cursor.form = 'place';
  readServerOptions(cursor, { state, proxy: draft, draft: draft.defaultServer, form: 'default' });
}

const TEMPLATE_USAGE = "'server-template' expects <prefix> <nb | range> <addr>[:<port>] as arguments.";

/** `server-template PREFIX N | FIRST-LAST ADDRESS[:PORT] [options]`: servers PREFIX1, PREFIX2 … */
function readServerTemplate(cursor: Cursor, { draft, state }: ProxyContext): void {
  const at = cursor.position(0);
  cursor.form = 'place';
  const prefix = cursor.word('a prefix', TEMPLATE_USAGE);
  checkServerName(cursor, prefix);
  const range = cursor.word('a number or range', TEMPLATE_USAGE);
  const { first, last } = templateNumbers(cursor, range);
  if (cursor.atEnd || cursor.peek() === '') cursor.fail(TEMPLATE_USAGE, { expected: 'an address' });
  const template: ServerDraft = { ...draft.defaultServer, at, name: `${prefix}${first}`, id: 0, idExplicit: false };
  cursor.subject = `'server ${draft.name}/${template.name}' : `;
  template.address = readServerAddress(cursor, state);
  readServerOptions(cursor, { state, proxy: draft, draft: template, form: 'template' });
  for (let number = first; number <= last; number++) {
    const isFirst = number === first;
    addServer(cursor, draft, {
      ...template,
      name: `${prefix}${number}`,
      id: isFirst ? template.id : 0,
      idExplicit: isFirst && template.idExplicit,
    });
  }
}

/** `N` or `FIRST-LAST`; after a fault a single number, so that the rest of the line is read. */
function templateNumbers(cursor: Cursor, range: string): { readonly first: number; readonly last: number } {
  const match = /^(\d+)(?:-(\d+))?$/.exec(range);
  const first = match?.[2] === undefined ? 1 : Number(match[1]);
  const last = Number(match?.[2] ?? match?.[1] ?? 0);
  if (first >= 1 && last >= first && last - first < MAX_TEMPLATE_SERVERS) return { first, last };
  cursor.diagnostics.alert(`Wrong server-template number or range arg '${range}'.`, cursor.lastPosition(), {
    length: range.length,
    form: cursor.form,
    expected: 'a number, or a range as 1-5',
  });
  return { first: 1, last: 1 };
}

export const proxyServerKeywords: readonly Keyword<ProxyContext>[] = [
  { name: 'bind', places: FRONTENDS, state: 'works', manual: '4.2', parse: readBind },
  { name: 'server', places: BACKENDS, misplaced: 'alert', state: 'works', manual: '4.2', parse: readServer },
  {
    name: 'default-server',
    places: ['defaults', ...BACKENDS],
    misplaced: 'alert',
    state: 'works',
    manual: '4.2',
    parse: readDefaultServer,
  },
  {
    name: 'server-template',
    places: BACKENDS,
    misplaced: 'alert',
    state: 'works',
    manual: '4.2',
    parse: readServerTemplate,
  },
];
