/**
 * Addresses as `bind`, `server`, `source`, `log` and `stats socket` write them (manual chapter 11 and the keywords' own
 * sections): text to a typed address, or HAProxy's complaint. Resolves no name and opens no descriptor.
 */

import type { Address, PortRange } from './model.ts';

/** What a place allows beyond a host. */
export interface AddressRules {
  /** A port must be given (`bind`), may be, or may not. */
  readonly port: 'required' | 'optional';
  readonly range?: boolean;
  /** `+1000`, `-1000`: relative to the client's port (`server`). */
  readonly offset?: boolean;
  /** Inherited descriptors. */
  readonly fd?: boolean;
  /** Datagram sockets (`log`); elsewhere streams. */
  readonly datagram?: boolean;
  /** Port 0 may be written. */
  readonly zeroPort?: boolean;
}

export type AddressResult =
  | { readonly ok: true; readonly address: Address }
  | { readonly ok: false; readonly reason: string };

type Family = 4 | 6 | undefined;

interface Prefix {
  readonly family: 'inet' | 'unix' | 'abstract' | 'fd' | 'sockpair';
  readonly version?: 4 | 6;
  readonly socket?: 'stream' | 'datagram' | 'quic';
}

const PREFIXES: Readonly<Record<string, Prefix>> = {
  'ip@': { family: 'inet' },
  'ipv4@': { family: 'inet', version: 4 },
  'ipv6@': { family: 'inet', version: 6 },
  'tcp@': { family: 'inet', socket: 'stream' },
  'tcp4@': { family: 'inet', version: 4, socket: 'stream' },
  'tcp6@': { family: 'inet', version: 6, socket: 'stream' },
  'udp@': { family: 'inet', socket: 'datagram' },
  'udp4@': { family: 'inet', version: 4, socket: 'datagram' },
  'udp6@': { family: 'inet', version: 6, socket: 'datagram' },
  'quic4@': { family: 'inet', version: 4, socket: 'quic' },
  'quic6@': { family: 'inet', version: 6, socket: 'quic' },
  'unix@': { family: 'unix' },
  'uxst@': { family: 'unix', socket: 'stream' },
  'uxdg@': { family: 'unix', socket: 'datagram' },
  'abns@': { family: 'abstract' },
  'fd@': { family: 'fd' },
  'sockpair@': { family: 'sockpair' },
};

/** Longest path or abstract name that a sockaddr_un holds, with its terminator. */
const MAX_UNIX_PATH = 107;

/** One address; variables in it are expanded already. */
export function parseAddress(text: string, rules: AddressRules): AddressResult {
  const refuse = (reason: string): AddressResult => ({ ok: false, reason });
  if (text === '') return refuse("'' resolves to an empty address (environment variable missing?)");

  let rest = text;
  let socket: 'stream' | 'datagram' | 'quic' | undefined;
  if (rest.startsWith('stream+')) [socket, rest] = ['stream', rest.slice(7)];
  else if (rest.startsWith('dgram+')) [socket, rest] = ['datagram', rest.slice(6)];
  const name = /^[a-z0-9]+@/.exec(rest)?.[0];
  const prefix = name !== undefined && Object.hasOwn(PREFIXES, name) ? PREFIXES[name] : undefined;
  if (prefix !== undefined) rest = rest.slice(name!.length);
  socket = prefix?.socket ?? socket;
  if (socket === 'quic')
    return refuse(
      `QUIC is not available, so '${text}' cannot be used; use 'ssl' with 'alpn h2,http/1.1' over TCP instead`,
    );
  if (socket === 'datagram' && rules.datagram !== true) return refuse(`dgram-type address not acceptable in '${text}'`);
  if (socket === 'stream' && rules.datagram === true) return refuse(`stream-type address not acceptable in '${text}'`);

  switch (prefix?.family ?? (rest.startsWith('/') ? 'unix' : 'inet')) {
    case 'unix':
      return localAddress(rest, text, (path) => ({ kind: 'unix', path }));
    case 'abstract':
      return localAddress(rest, text, (path) => ({ kind: 'abstract', name: path }));
    case 'sockpair':
    case 'fd':
      return descriptor(rest, text, rules);
    case 'inet':
      return inetAddress(rest, text, prefix?.version, rules);
  }
}

function localAddress(path: string, text: string, build: (path: string) => Address): AddressResult {
  if (path.length > MAX_UNIX_PATH)
    return { ok: false, reason: `socket path '${path}' too long (max ${MAX_UNIX_PATH}) in '${text}'` };
  return { ok: true, address: build(path) };
}

function descriptor(rest: string, text: string, rules: AddressRules): AddressResult {
  if (rules.fd !== true) return { ok: false, reason: `a file descriptor is not acceptable here in '${text}'` };
  const fd = /^\d+$/.test(rest) ? Number(rest) : NaN;
  if (!(fd <= 0x7fffffff))
    return { ok: false, reason: `file descriptor '${rest}' is not a valid integer in '${text}'` };
  return { ok: true, address: { kind: 'fd', fd } };
}

/** Host and port are cut at the last colon, unless it stands within brackets: `::1:80` is port 80 of `::1`. */
function inetAddress(rest: string, text: string, version: Family, rules: AddressRules): AddressResult {
  const colon = rest.endsWith(']') ? -1 : rest.lastIndexOf(':');
  const hostText = colon < 0 ? rest : rest.slice(0, colon);
  const portText = colon < 0 ? '' : rest.slice(colon + 1);
  const port = parsePort(portText, text, rules);
  if (typeof port === 'string') return { ok: false, reason: port };

  const bracketed = hostText.startsWith('[') && hostText.endsWith(']');
  const bare = bracketed ? hostText.slice(1, -1) : hostText;
  const host = bare === '' ? '*' : bare;
  const family = familyOf(host);
  if (family === 'invalid' || (version !== undefined && typeof family === 'number' && family !== version)) {
    return { ok: false, reason: `invalid address: '${hostText}' in '${text}'` };
  }
  const known = version ?? (family === 'any' ? 4 : family === 'name' ? undefined : family);
  return { ok: true, address: { kind: 'inet', host, family: known, port } };
}

/** The port part, undefined where absent, or HAProxy's complaint. */
function parsePort(portText: string, text: string, rules: AddressRules): PortRange | undefined | string {
  if (portText === '') return rules.port === 'required' ? `missing port specification in '${text}'` : undefined;
  if (/^[+-]/.test(portText)) {
    if (rules.offset !== true) return `port offset not permitted here in '${text}'`;
    if (!/^[+-]\d+$/.test(portText)) return badPort(portText.slice(1), text);
    const offset = Number(portText);
    if (Math.abs(offset) > 65535) return `invalid port '${portText}'`;
    return { first: offset, last: offset, relative: true };
  }
  const range = /^(\d*)-(.*)$/.exec(portText);
  if (range !== null && rules.range !== true) return `port range not permitted here in '${text}'`;
  const [firstText, lastText] = range === null ? [portText, portText] : [range[1], range[2]];
  for (const part of [firstText, lastText]) {
    if (part === '') return `invalid port '${part}'`;
    if (!/^\d+$/.test(part)) return badPort(part, text);
    if (Number(part) > 65535 || (Number(part) === 0 && rules.port === 'required' && rules.zeroPort !== true))
      return `invalid port '${part}'`;
  }
  const first = Number(firstText);
  const last = Number(lastText);
  if (last < first) return `invalid port range '${portText}'`;
  return { first, last, relative: false };
}

function badPort(portText: string, text: string): string {
  const character = /[^0-9]/.exec(portText)?.[0] ?? '';
  return `invalid character '${character}' in port number '${portText}' in '${text}'`;
}

/** Labels between single dots; one may stand behind the last. */
const HOST_NAME = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$/;

/** Family of a literal; `name` for what must be resolved, `invalid` for what can be neither. */
function familyOf(host: string): 4 | 6 | 'name' | 'any' | 'invalid' {
  if (host === '*') return 'any';
  if (host.includes(':')) return isIpv6(host) ? 6 : 'invalid';
  if (isIpv4(host)) return 4;
  // What looks like a dotted address but is none would only ask the resolver for nonsense.
  if (/^[\d.]+$/.test(host) || !HOST_NAME.test(host)) return 'invalid';
  return 'name';
}

/** A dotted quad with parts of 0 to 255. */
export function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

/** RFC 4291 section 2.2 text form, without zone. */
export function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (let index = 0; index < halves.length; index++) {
    const half = halves[index];
    if (half === '') continue;
    const parts = half.split(':');
    const last = parts.at(-1)!;
    const isLastHalf = index === halves.length - 1;
    if (isLastHalf && last.includes('.')) {
      if (!isIpv4(last)) return false;
      groups++;
      parts[parts.length - 1] = '0';
    }
    if (!parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return false;
    groups += parts.length;
  }
  return halves.length === 2 ? groups <= 7 : groups === 8;
}

/** An IPv4 or IPv6 network as `option forwardfor except` takes it: a literal with an optional mask. */
export function isNetwork(text: string): boolean {
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  const mask = slash < 0 ? undefined : text.slice(slash + 1);
  if (isIpv4(host)) return mask === undefined || isIpv4(mask) || (/^\d{1,2}$/.test(mask) && Number(mask) <= 32);
  return isIpv6(host) && (mask === undefined || (/^\d{1,3}$/.test(mask) && Number(mask) <= 128));
}

/** An address as it is written in a configuration, so that it reads back the same. */
export function formatAddress(address: Address): string {
  switch (address.kind) {
    case 'unix':
      return address.path.startsWith('/') ? address.path : `unix@${address.path}`;
    case 'abstract':
      return `abns@${address.name}`;
    case 'fd':
      return `fd@${address.fd}`;
    case 'inet':
      return formatInet(address);
  }
}

function formatInet(address: Extract<Address, { kind: 'inet' }>): string {
  const { host, family, port } = address;
  const literal = host.includes(':') ? `[${host}]` : host;
  const prefix = host === '*' && family === 6 ? 'ipv6@' : '';
  if (port === undefined) return prefix + literal;
  if (port.relative) return `${prefix}${literal}:${port.first < 0 ? '-' : '+'}${Math.abs(port.first)}`;
  return `${prefix}${literal}:${port.first}${port.last === port.first ? '' : `-${port.last}`}`;
}
