// What a connection of a check begins with, before the check's own conversation (manual: `check-send-proxy`,
// `check-via-socks4`): a handshake with a SOCKS4 proxy, then a PROXY line (PROXY protocol, version 1). Pure.

import { isIPv4, isIPv6 } from 'node:net';
import type { ConnectOptions } from './conversation.ts';

/** One end of an established connection. */
export interface ConnectionEnd {
  readonly host: string;
  readonly port: number;
}

/** Both ends, as the system tells them; undefined for a Unix socket. */
export interface ConnectionEnds {
  readonly local: ConnectionEnd;
  readonly remote: ConnectionEnd;
}

export type PreambleResult =
  | { readonly type: 'wait' }
  /** `rest`: bytes behind the handshake; `send`: what goes out before the conversation. */
  | { readonly type: 'done'; readonly rest: Buffer; readonly send: Buffer | undefined }
  | { readonly type: 'failed'; readonly info: string };

/** Version, command and user as HAProxy sends them; its answer has eight bytes, the second says 90 for success. */
const SOCKS4_ANSWER_BYTES = 8;
const SOCKS4_GRANTED = 90;

export class Preamble {
  readonly #options: ConnectOptions;
  readonly #ends: ConnectionEnds | undefined;
  #received = Buffer.alloc(0);

  /** For a connection that stands. */
  constructor(options: ConnectOptions, ends: ConnectionEnds | undefined) {
    this.#options = options;
    this.#ends = ends;
  }

  /** First bytes to send, and whether the handshake has an answer to wait for. */
  start(): { readonly send: Buffer | undefined; readonly waits: boolean } {
    const { socks4, address } = this.#options;
    if (socks4 === undefined || 'path' in address) return { send: this.#proxyLine(), waits: false };
    return { send: socks4Request(address.host, address.port), waits: true };
  }

  take(bytes: Buffer): PreambleResult {
    this.#received = Buffer.concat([this.#received, bytes]);
    if (this.#received.length < SOCKS4_ANSWER_BYTES) return { type: 'wait' };
    if (this.#received[1] !== SOCKS4_GRANTED) return { type: 'failed', info: 'SOCKS4 Proxy deny the request' };
    return { type: 'done', rest: this.#received.subarray(SOCKS4_ANSWER_BYTES), send: this.#proxyLine() };
  }

  /** The SOCKS4 proxy closed before it answered. */
  end(): PreambleResult {
    return { type: 'failed', info: 'SOCKS4 Proxy read error during handshake' };
  }

  #proxyLine(): Buffer | undefined {
    const { sendProxy, socks4, address } = this.#options;
    if (!sendProxy) return undefined;
    // Through SOCKS4 the other end is the one that was asked for.
    const remote = socks4 === undefined || 'path' in address ? this.#ends?.remote : address;
    return proxyLine(this.#ends?.local, remote);
  }
}

/** Version 1 of the PROXY protocol; a pair that it cannot name is UNKNOWN. */
export function proxyLine(local: ConnectionEnd | undefined, remote: ConnectionEnd | undefined): Buffer {
  const family =
    local === undefined || remote === undefined
      ? undefined
      : isIPv4(local.host) && isIPv4(remote.host)
        ? 'TCP4'
        : isIPv6(local.host) && isIPv6(remote.host)
          ? 'TCP6'
          : undefined;
  const line =
    family === undefined
      ? 'PROXY UNKNOWN'
      : `PROXY ${family} ${local!.host} ${remote!.host} ${local!.port} ${remote!.port}`;
  return Buffer.from(`${line}\r\n`, 'latin1');
}

/** CONNECT; the protocol knows IPv4 only, so another address becomes 0.0.0.0, which the proxy refuses. */
function socks4Request(host: string, port: number): Buffer {
  const octets = isIPv4(host) ? host.split('.').map(Number) : [0, 0, 0, 0];
  return Buffer.concat([Buffer.from([4, 1, port >> 8, port & 255, ...octets]), Buffer.from('HAProxy\0', 'latin1')]);
}
