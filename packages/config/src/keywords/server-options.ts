/** Manual section 5.2: the options of `server`, `server-template` and `default-server`. */

import { isIpv4, isIpv6, parseAddress } from '../address.ts';
import type { Cursor } from '../cursor.ts';
import { addressPattern } from '../expressions/addresses.ts';
import { announce } from '../dispatch.ts';
import type { ParseState, ServerContext, ServerDraft } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import type { Address, SourceAddress } from '../model.ts';
import { nearestWord } from '../nearest.ts';
import { parseTimeMs } from '../units.ts';
import { readAddressWord } from './readers.ts';

const SERVER = ['server-option'] as const;

type Parse = NonNullable<Keyword<ServerContext>['parse']>;
type FlagField = { [K in keyof ServerDraft]: ServerDraft[K] extends boolean ? K : never }[keyof ServerDraft];
type NumberField =
  | 'weight'
  | 'maxconn'
  | 'minconn'
  | 'maxqueue'
  | 'rise'
  | 'fall'
  | 'errorLimit'
  | 'poolMaxConn'
  | 'poolLowConn'
  | 'maxReuse';
type TimeField =
  | 'interMs'
  | 'agentInterMs'
  | 'fastInterMs'
  | 'downInterMs'
  | 'slowstartMs'
  | 'poolPurgeDelayMs'
  | 'tcpUserTimeoutMs';

function flag(field: FlagField, value: boolean): Parse {
  return (_cursor, { draft }) => {
    draft[field] = value;
  };
}

function number(field: NumberField, min: number, max: number, complaint?: string): Parse {
  return (cursor, { draft }) => {
    const message = complaint === undefined ? undefined : (word: string): string => complaint.replace('%s', word);
    draft[field] = cursor.integer('a number', { min, max, ...(message === undefined ? {} : { message }) });
  };
}

/** A delay; `least` is the smallest allowed value in ms. */
function delay(field: TimeField, least: number): Parse {
  return (cursor, { draft }) => {
    const { keyword } = cursor;
    const server = draft.name === '' ? 'default-server' : draft.name;
    const word = cursor.word('a delay', `'${keyword}' expects a delay as argument.`);
    const result = parseTimeMs(word, 'ms');
    if (!result.ok) {
      return cursor.failLast(
        result.fault === 'overflow'
          ? `timer overflow in argument <${word}> to <${keyword}> of server ${server}, maximum value is 2147483647 ms (~24.8 days).`
          : `unexpected character '${result.character}' in '${keyword}' argument of server ${server}.`,
        { expected: 'a time, as 500ms, 5s or 2m' },
      );
    }
    if (result.value < least)
      cursor.failLast(`invalid value ${result.value} for argument '${keyword}' of server ${server}.`, {
        expected: 'a time of at least 1ms',
      });
    draft[field] = result.value;
  };
}

function word(field: 'cookie' | 'redir' | 'track' | 'namespace', what: string): Parse {
  return (cursor, { draft }) => {
    draft[field] = cursor.word(what, `'${cursor.keyword}' expects ${what} as argument.`);
  };
}

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

const INIT_METHODS = ['last', 'libc', 'none'] as const;

/** Manual "init-addr": ways to a server's first address, in the order in which they are tried. */
function readInitAddr(cursor: Cursor, { draft }: ServerContext): void {
  const methods = cursor.word('methods', "'init-addr' expects <methods> as argument.").split(',');
  for (const method of methods) {
    const literal = parseAddress(method, { port: 'optional' });
    const isAddress =
      literal.ok &&
      literal.address.kind === 'inet' &&
      literal.address.family !== undefined &&
      literal.address.host !== '*';
    if (!(INIT_METHODS as readonly string[]).includes(method) && !isAddress) {
      cursor.failLast(
        `'init-addr' : unknown init-addr method '${method}', supported methods are 'libc', 'last', 'none'.`,
        {
          expected: 'last, libc, none or an address',
          nearest: nearestWord(method, INIT_METHODS),
        },
      );
    }
  }
  draft.initAddr = methods;
}

function readResolvers(cursor: Cursor, { draft }: ServerContext): void {
  draft.resolvers = cursor.word('a resolvers section', "'resolvers' expects the name of a resolvers section.");
}

function readResolvePrefer(cursor: Cursor, { draft }: ServerContext): void {
  const complaint = "'resolve-prefer' expects either ipv4 or ipv6 as argument.";
  draft.resolvePrefer = cursor.oneOf('family', ['ipv4', 'ipv6'], complaint) === 'ipv4' ? 4 : 6;
}

/** HAProxy's own bound. */
const MAX_RESOLVE_NETS = 5;

function readResolveNet(cursor: Cursor, { draft }: ServerContext): void {
  const nets = cursor.word('networks', "'resolve-net' expects a list of networks.").split(',');
  for (const net of nets) {
    if (addressPattern(net) === undefined)
      cursor.failLast(`'resolve-net' invalid network '${net}'.`, { expected: 'networks, as 10.0.0.0/8,fd00::/8' });
  }
  if (nets.length > MAX_RESOLVE_NETS)
    cursor.failLast(`'resolve-net' exceed ${MAX_RESOLVE_NETS} networks.`, {
      expected: `at most ${MAX_RESOLVE_NETS} networks`,
    });
  draft.resolveNets = nets;
}

const RESOLVE_OPTIONS = ['allow-dup-ip', 'ignore-weight', 'prevent-dup-ip'] as const;

function readResolveOpts(cursor: Cursor, { draft }: ServerContext): void {
  for (const option of cursor.word('options', "'resolve-opts' expects a list of options.").split(',')) {
    switch (option) {
      case 'allow-dup-ip':
        draft.allowDupIp = true;
        break;
      case 'prevent-dup-ip':
        draft.allowDupIp = false;
        break;
      case 'ignore-weight':
        draft.ignoreDnsWeight = true;
        break;
      default:
        cursor.failLast(
          `'resolve-opts' : unknown resolve-opts option '${option}', supported methods are 'allow-dup-ip', 'ignore-weight', and 'prevent-dup-ip'.`,
          { expected: RESOLVE_OPTIONS.join(', '), nearest: nearestWord(option, RESOLVE_OPTIONS) },
        );
    }
  }
}

/** `source ADDRESS [interface NAME] [usesrc …]`, also the proxy keyword of that name. */
export function readSource(cursor: Cursor, state: ParseState, usage: string, place: 'server' | 'proxy'): SourceAddress {
  if (cursor.atEnd || cursor.peek() === '') cursor.fail(usage, { expected: 'an address' });
  const text = cursor.peek()!;
  const result = parseAddress(readAddressWord(cursor, state), {
    port: 'optional',
    range: place === 'server',
    zeroPort: true,
  });
  if (!result.ok)
    cursor.failLast(
      place === 'server' ? `'source ${text}' : ${result.reason}.` : `'source ${text}' : ${result.reason}`,
      { expected: 'an address with an optional port, as 192.0.2.1 or [2001:db8::1]:80' },
    );
  if (!isNumeric(result.address))
    cursor.failLast(`'source ${text}' : a numeric IPv4 or IPv6 address is needed.`, {
      expected: 'an address with an optional port, as 192.0.2.1 or [2001:db8::1]:80',
    });
  let source: SourceAddress = { address: result.address, interface: undefined, usesrc: undefined };
  for (;;) {
    if (cursor.take('interface')) {
      source = {
        ...source,
        interface: cursor.word(
          'an interface name',
          `'${place === 'server' ? 'server' : 'source'}' : missing interface name.`,
        ),
      };
    } else if (cursor.take('usesrc')) {
      source = { ...source, usesrc: readUsesrc(cursor, place) };
    } else {
      return source;
    }
  }
}

/** An address that needs no resolving; `*` is any. */
function isNumeric(address: Address): boolean {
  return address.kind === 'inet' && (address.host === '*' || isIpv4(address.host) || isIpv6(address.host));
}

function readUsesrc(cursor: Cursor, place: 'server' | 'proxy'): string {
  const usage =
    place === 'server'
      ? "'usesrc' expects <addr>[:<port>], 'client', 'clientip', or 'hdr_ip(name,#)' as argument."
      : "'usesrc' expects <addr>[:<port>], 'client', or 'clientip' as argument.";
  const text = cursor.word('an address', usage);
  if (text === 'client' || text === 'clientip' || /^hdr_ip\([^,)]+(?:,-?\d+)?\)$/.test(text)) return text;
  const result = parseAddress(text, { port: 'optional', zeroPort: true });
  if (!result.ok)
    cursor.failLast(`'usesrc' : ${result.reason}`, {
      expected: 'an address, client, clientip or hdr_ip(name,position)',
    });
  if (!isNumeric(result.address))
    cursor.failLast(`'usesrc ${text}' : a numeric address is needed.`, {
      expected: 'an address, client, clientip or hdr_ip(name,position)',
    });
  return text;
}

export const serverOptionKeywords: readonly Keyword<ServerContext>[] = [
  { name: 'resolvers', places: SERVER, state: 'works', manual: '5.2', parse: readResolvers },
  { name: 'resolve-prefer', places: SERVER, state: 'works', manual: '5.2', parse: readResolvePrefer },
  { name: 'resolve-net', places: SERVER, state: 'works', manual: '5.2', parse: readResolveNet },
  { name: 'resolve-opts', places: SERVER, state: 'works', manual: '5.2', parse: readResolveOpts },
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
  { name: 'backup', places: SERVER, state: 'works', manual: '5.2', parse: flag('backup', true) },
  { name: 'no-backup', places: SERVER, state: 'works', manual: '5.2', parse: flag('backup', false) },
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
  { name: 'id', places: SERVER, state: 'works', manual: '5.2', parse: readId },
  { name: 'init-addr', places: SERVER, state: 'works', manual: '5.2', parse: readInitAddr },
  { name: 'inter', places: SERVER, state: 'works', manual: '5.2', parse: delay('interMs', 1) },
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
    name: 'namespace',
    places: SERVER,
    state: 'refused',
    manual: '5.2',
    reason: "a thread cannot live in several network namespaces; run one instance in each, with 'ip netns exec'",
    parse: word('namespace', '<name>'),
  },
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
  { name: 'redir', places: SERVER, state: 'works', manual: '5.2', parse: word('redir', '<prefix>') },
  {
    name: 'rise',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: number('rise', 1, 0x7fffffff, "'rise' has to be > 0."),
  },
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
    name: 'source',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor, { draft, state }) => {
      const usage =
        "'source' expects <addr>[:<port>[-<port>]], and optionally 'usesrc' <addr>, and 'interface' <name> as argument.";
      draft.source = readSource(cursor, state, usage, 'server');
    },
  },
  {
    name: 'socks4',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor, { draft, state }) => {
      const text = cursor.peek() ?? '';
      if (text === '')
        cursor.fail("'socks4' expects <addr>:<port> as argument.", { expected: 'an address and a port' });
      const result = parseAddress(readAddressWord(cursor, state), { port: 'required' });
      if (!result.ok)
        return cursor.failLast(`'socks4 ${text}' : ${result.reason}.`, {
          expected: 'an address and a port, as 192.0.2.1:1080',
        });
      if (!isNumeric(result.address))
        cursor.failLast(`'socks4 ${text}' : a numeric address is needed.`, {
          expected: 'an IPv4 or IPv6 address and a port',
        });
      draft.socks4 = result.address;
    },
  },
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
  { name: 'track', places: SERVER, state: 'works', manual: '5.2', parse: word('track', '[<proxy>/]<server>') },
  {
    name: 'usesrc',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor) => cursor.failAt(cursor.index - 1, "'usesrc' only allowed after a 'source' statement."),
  },
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
