// The client's side of SOCKS4 (manual 5.2 "socks4"; Ying-Da Lee, "SOCKS: A protocol for TCP proxy across firewalls"): one request
// that names the server, one answer of eight bytes, then the server's own bytes. Knows no sockets.

import { isIPv4 } from 'node:net';

const VERSION = 4;
const CONNECT = 1;
const GRANTED = 0x5a;
/** Bytes of an answer: version 0, code, port and address, which mean nothing here. */
export const SOCKS4_REPLY_BYTES = 8;
/** What HAProxy says its user is. */
const USER = 'HAProxy';

/** The request for a connection to an IPv4 address; undefined for any other, which the protocol cannot name. */
export function socks4Request(host: string, port: number): string | undefined {
  if (!isIPv4(host)) return undefined;
  const address = host.split('.').map(Number);
  return `${String.fromCharCode(VERSION, CONNECT, port >> 8, port & 0xff, ...address)}${USER}\0`;
}

/** Whether an answer of SOCKS4_REPLY_BYTES lets the connection through. */
export function isGranted(reply: Uint8Array): boolean {
  return reply[0] === 0 && reply[1] === GRANTED;
}
