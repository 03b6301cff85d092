/** `tcp-check connect` and `http-check connect` (manual 4.2). */

import type { Cursor } from '../cursor.ts';
import { parseAddress } from '../address.ts';
import type { CheckConnect } from '../check-model.ts';
import type { Position } from '../model.ts';
import type { Mutable } from '../draft.ts';
import type { CheckWords } from './words.ts';

export function emptyConnect(at: Position): Mutable<CheckConnect> {
  return {
    at,
    action: 'connect',
    implicit: false,
    comment: undefined,
    port: undefined,
    address: undefined,
    serverOptions: false,
    sendProxy: false,
    viaSocks4: false,
    linger: false,
  };
}

/** What is put in front where the rules begin without a connect. */
export function implicitConnect(at: Position): CheckConnect {
  return { ...emptyConnect(at), implicit: true, serverOptions: true };
}

export function readConnect(words: CheckWords): CheckConnect {
  const cursor: Cursor = words.cursor;
  const connect = emptyConnect(cursor.start);
  for (let word = cursor.next(); word !== undefined && word !== ''; word = cursor.next()) {
    switch (word) {
      case 'default':
        connect.serverOptions = true;
        break;
      case 'port':
        connect.port = readPort(words);
        break;
      case 'addr':
        readConnectAddress(words, connect);
        break;
      case 'send-proxy':
        connect.sendProxy = true;
        break;
      case 'via-socks4':
        connect.viaSocks4 = true;
        break;
      case 'linger':
        connect.linger = true;
        break;
      case 'comment':
        connect.comment = words.value('comment');
        break;
      case 'ssl':
        later(words, word, 'it needs TLS');
        break;
      case 'sni':
      case 'alpn':
        words.value(word, word === 'alpn' ? "'alpn' : missing the comma-delimited ALPN protocol suite." : undefined);
        cursor.index--;
        later(words, word, 'it needs TLS');
        break;
      case 'proto':
        readProtocol(words);
        break;
      default:
        cursor.failLast(
          `expects 'comment', 'port', 'addr', 'send-proxy', 'ssl', 'sni', 'alpn' or 'via-socks4', 'linger', 'default' but got '${word}' as argument.`,
          { expected: "'comment', 'port', 'addr', 'send-proxy', 'via-socks4', 'linger' or 'default'" },
        );
    }
  }
  return connect;
}

function later(words: CheckWords, option: string, because: string): never {
  words.cursor.failLast(`'${option}' is not supported by this version: ${because}.`, {
    remedy: `leave '${option}' out`,
  });
}

/** A number, or an expression that is asked for each check. */
function readPort(words: CheckWords): CheckConnect['port'] {
  const cursor: Cursor = words.cursor;
  const word = cursor.peek();
  if (word === undefined || word === '')
    cursor.fail("'port' expects a port number or a sample expression as argument.", { expected: 'a port' });
  if (!/^\d+$/.test(word))
    return words.expression((message) => `error detected while parsing port expression : ${message}.`);
  cursor.index++;
  const port = Number(word);
  if (port < 1 || port > 65535)
    cursor.failLast(`expects a valid TCP port (from range 1 to 65535) or a sample expression, got ${word}.`, {
      expected: 'a port from 1 to 65535',
    });
  return port;
}

/** A port in the address counts unless `port` follows. */
function readConnectAddress(words: CheckWords, connect: Mutable<CheckConnect>): void {
  const cursor: Cursor = words.cursor;
  const word = words.value('addr', "'addr' expects <ipv4|ipv6> as argument.", 'an address');
  const result = parseAddress(word, { port: 'optional' });
  const invalid = (reason: string): never =>
    cursor.failLast(`'addr' : ${reason}.`, { expected: 'a numeric IPv4 or IPv6 address, or unix@ and a path' });
  if (!result.ok) return invalid(result.reason);
  const { address } = result;
  if (address.kind === 'unix') connect.address = { path: address.path };
  else if (address.kind !== 'inet') invalid(`unsupported address family for '${word}'`);
  else if (address.family === undefined || address.host === '*') invalid(`invalid address: '${word}' in '${word}'`);
  else {
    connect.address = { host: address.host };
    if (address.port !== undefined) connect.port = address.port.first;
  }
}

/** HAProxy's names of what speaks on a connection. Only the plain ones are there. */
const PROTOCOLS: Readonly<Record<string, readonly ('tcp' | 'http')[]>> = {
  none: ['tcp'],
  h1: ['http'],
  h2: ['http'],
  fcgi: ['http'],
};

function readProtocol(words: CheckWords): void {
  const { protocol } = words;
  const cursor: Cursor = words.cursor;
  const name = words.value('proto', "'proto' expects a MUX protocol as argument.", 'a protocol');
  const known = PROTOCOLS[name];
  const detail = { expected: protocol === 'tcp' ? "'none'" : "'h1'" };
  if (known === undefined) cursor.failLast(`'proto' : unknown MUX protocol '${name}'.`, detail);
  if (!known.includes(protocol))
    cursor.failLast(`'proto' : invalid MUX protocol '${name}' for ${protocol}-check.`, detail);
  if (name === 'h2' || name === 'fcgi')
    cursor.failLast(`'proto ${name}' is not supported by this version.`, { remedy: "leave 'proto' out" });
}
