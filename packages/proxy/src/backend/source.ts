// Where connections to a server come from (manual 4.2 and 5.2 "source"): a fixed address, one port of a range, an interface, or
// somebody else's address (`usesrc`): the client's, or one that a header names. The socket is opened and bound by `sys`
// before the stream code connects it.
//
// Ports of a range are shared words, one for each port, so that no two threads use one for the same server: 0 is free,
// otherwise the number of the thread plus one. The supervisor frees what a dead thread held. A server with a foreign source
// that depends on the client keeps its connections for that client alone.

import { isIP } from 'node:net';
import type { Proxy, Server as ServerConfig, SourceAddress } from '@evenkeel/config';
import { openClientSocket, SysError, UnsupportedError } from '@evenkeel/sys';
import type { PeerAddress } from '../connection.ts';

/** What a source that depends on the client asks of its stream. */
export interface SourceClient {
  /** The client's address as rules left it; family 0 where it has none. */
  readonly clientAddress: PeerAddress;
  /** Occurrence `position` (-1: the last) of the values of a request header; undefined where there is none. */
  headerValue(name: string, position: number): string | undefined;
}

type Foreign =
  | { readonly kind: 'client' | 'clientip' }
  | { readonly kind: 'header'; readonly name: string; readonly position: number }
  | { readonly kind: 'address'; readonly address: string; readonly port: number };

/** A bound, unconnected socket. `port` is to be given back by `release` when it is closed; 0: none. */
export interface BoundSocket {
  readonly fd: number;
  readonly port: number;
}

/** Bytes of the shared words of a server's port range; 0 where it has none. */
export function sourcePortBytes(config: ServerConfig, proxy: Proxy): number {
  const range = rangeOf(sourceOf(config, proxy));
  return range === undefined ? 0 : (range.last - range.first + 1) * Int32Array.BYTES_PER_ELEMENT;
}

/** Frees the ports that an ended thread held. */
export function freeSourcePorts(words: Int32Array, thread: number): void {
  for (let index = 0; index < words.length; index++) Atomics.compareExchange(words, index, thread + 1, 0);
}

function sourceOf(config: ServerConfig, proxy: Proxy): SourceAddress | undefined {
  return config.source ?? proxy.source;
}

function rangeOf(source: SourceAddress | undefined): { readonly first: number; readonly last: number } | undefined {
  const port = source?.address.kind === 'inet' ? source.address.port : undefined;
  return port === undefined || port.last === port.first ? undefined : port;
}

export class ServerSource {
  /** The source is not the same for all clients, so connections are not shared. */
  readonly isClients: boolean;
  /** Not even for all requests of one client: connections are not kept. */
  readonly isRequests: boolean;
  readonly #address: string | undefined;
  readonly #port: number;
  readonly #foreign: Foreign | undefined;
  readonly #interface: string | undefined;
  readonly #ports: Int32Array | undefined;
  readonly #thread: number;
  /** Where the search for a free port goes on; threads begin at different places. */
  #next: number;

  /** Undefined where the kernel chooses all. `ports`: the shared words of the range, where there is one. */
  static of(
    config: ServerConfig,
    proxy: Proxy,
    ports: Int32Array | undefined,
    thread: number,
  ): ServerSource | undefined {
    const source = sourceOf(config, proxy);
    return source === undefined || config.address.kind !== 'inet' ? undefined : new ServerSource(source, ports, thread);
  }

  private constructor(source: SourceAddress, ports: Int32Array | undefined, thread: number) {
    const { address } = source;
    const host = address.kind === 'inet' && isIP(address.host) !== 0 ? address.host : undefined;
    const port = address.kind === 'inet' ? (address.port?.first ?? 0) : 0;
    // The wildcard without a port is what the kernel does by itself.
    const isAny = port === 0 && (host === '0.0.0.0' || host === '::');
    this.#address = isAny ? undefined : host;
    this.#port = port;
    this.#foreign = source.usesrc === undefined ? undefined : parseForeign(source.usesrc);
    this.isRequests = this.#foreign?.kind === 'header';
    this.isClients = this.isRequests || (this.#foreign !== undefined && this.#foreign.kind !== 'address');
    this.#interface = source.interface;
    this.#ports = ports;
    this.#thread = thread;
    this.#next = ports === undefined ? 0 : (thread * 7919) % ports.length;
  }

  /** `host` is the server's. Undefined where the system refuses, families differ, or all ports of the range are in use. */
  open(host: string, client: SourceClient | undefined): BoundSocket | undefined {
    try {
      return this.#open(host, client);
    } catch (error) {
      if (error instanceof SysError || error instanceof UnsupportedError) return undefined;
      throw error;
    }
  }

  #open(host: string, client: SourceClient | undefined): BoundSocket | undefined {
    const family = host.includes(':') ? 'ipv6' : 'ipv4';
    const foreign = this.#foreignAddress(client);
    const transparent = foreign !== undefined;
    const options = {
      family,
      ...(this.#interface === undefined ? undefined : { interface: this.#interface }),
      ...(transparent ? { transparent } : undefined),
    } as const;
    const address = foreign?.address ?? this.#address;
    if (address === undefined) return { fd: openClientSocket(options), port: 0 };
    if (address.includes(':') !== host.includes(':')) return undefined;
    if (foreign !== undefined) return { fd: openClientSocket({ ...options, ...foreign }), port: 0 };
    if (this.#ports === undefined) return { fd: openClientSocket({ ...options, address, port: this.#port }), port: 0 };
    const index = this.#takePort(this.#ports);
    if (index < 0) return undefined;
    const port = this.#port + index;
    try {
      return { fd: openClientSocket({ ...options, address, port }), port };
    } catch (error) {
      this.release(port);
      throw error;
    }
  }

  /** The socket that was bound to a port of the range is closed. */
  release(port: number): void {
    if (port !== 0) Atomics.store(this.#ports!, port - this.#port, 0);
  }

  #takePort(words: Int32Array): number {
    for (let tried = 0; tried < words.length; tried++) {
      const index = this.#next;
      this.#next = (index + 1) % words.length;
      if (Atomics.compareExchange(words, index, 0, this.#thread + 1) === 0) return index;
    }
    return -1;
  }

  #foreignAddress(client: SourceClient | undefined): { readonly address: string; readonly port: number } | undefined {
    const foreign = this.#foreign;
    if (foreign === undefined) return undefined;
    switch (foreign.kind) {
      case 'address':
        return foreign;
      case 'header': {
        const value = client?.headerValue(foreign.name, foreign.position)?.trim();
        return value === undefined || isIP(value) === 0 ? undefined : { address: value, port: 0 };
      }
      case 'client':
      case 'clientip': {
        const from = client?.clientAddress;
        if (from === undefined || from.family === 0) return undefined;
        return { address: from.address, port: foreign.kind === 'client' ? from.port : 0 };
      }
    }
  }
}

/** What the configuration reader let pass: `client`, `clientip`, `hdr_ip(name[,position])` or an address. */
function parseForeign(text: string): Foreign {
  if (text === 'client' || text === 'clientip') return { kind: text };
  const header = /^hdr_ip\(([^,)]+)(?:,(-?\d+))?\)$/.exec(text);
  if (header !== null)
    return {
      kind: 'header',
      name: header[1].toLowerCase(),
      position: header[2] === undefined ? -1 : Number(header[2]),
    };
  const address = /^(.*?)(?::(\d+))?$/.exec(text)!;
  const bare = isIP(text) === 0 ? address[1].replace(/^\[|\]$/g, '') : text;
  return {
    kind: 'address',
    address: bare,
    port: isIP(text) === 0 && address[2] !== undefined ? Number(address[2]) : 0,
  };
}
