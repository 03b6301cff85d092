/**
 * Manual section 5.2: the options of a server line that say how its address is found and from where connections to it come;
 * `source` is also a keyword of proxies.
 */

import { isIpv4, isIpv6, parseAddress } from '../address.ts';
import type { Cursor } from '../cursor.ts';
import type { ParseState, ServerContext } from '../draft.ts';
import { addressPattern } from '../expressions/addresses.ts';
import type { Keyword } from '../keyword.ts';
import type { Address, SourceAddress } from '../model.ts';
import { nearestWord } from '../nearest.ts';
import { readAddressWord } from './readers.ts';
import { SERVER, word } from './server-option-parsers.ts';

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

export const serverAddressKeywords: readonly Keyword<ServerContext>[] = [
  { name: 'resolvers', places: SERVER, state: 'works', manual: '5.2', parse: readResolvers },
  { name: 'resolve-prefer', places: SERVER, state: 'works', manual: '5.2', parse: readResolvePrefer },
  { name: 'resolve-net', places: SERVER, state: 'works', manual: '5.2', parse: readResolveNet },
  { name: 'resolve-opts', places: SERVER, state: 'works', manual: '5.2', parse: readResolveOpts },
  { name: 'init-addr', places: SERVER, state: 'works', manual: '5.2', parse: readInitAddr },
  {
    name: 'namespace',
    places: SERVER,
    state: 'refused',
    manual: '5.2',
    reason: "a thread cannot live in several network namespaces; run one instance in each, with 'ip netns exec'",
    parse: word('namespace', '<name>'),
  },
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
    name: 'usesrc',
    places: SERVER,
    state: 'works',
    manual: '5.2',
    parse: (cursor) => cursor.failAt(cursor.index - 1, "'usesrc' only allowed after a 'source' statement."),
  },
];
