/**
 * Which server gets which request: servers that all are one small HTTP server, told apart by a header that the proxy adds, and a
 * client that sends requests ahead on one connection, so that thousands of keys take about a second.
 */

import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { RawServer } from './http.ts';

const HEAD_END = '\r\n\r\n';
/** Requests that are on their way at a time. */
const AHEAD = 64;

/** Answers every request with an empty 200. */
export async function startAnsweringServer(): Promise<RawServer> {
  return await RawServer.start((socket) => {
    socket.setEncoding('latin1');
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
      let answers = '';
      for (let end = text.indexOf(HEAD_END); end >= 0; end = text.indexOf(HEAD_END)) {
        const length = Number(/\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
        if (text.length < end + HEAD_END.length + length) break;
        text = text.slice(end + HEAD_END.length + length);
        answers += 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
      }
      if (answers !== '') socket.write(answers);
    });
  });
}

/** A line for backends of mode http that makes `servedBy` work. */
export const NAME_SERVER = 'http-response set-header x-server %[srv_name]';

/**
 * Sends whole requests (latin1, ended as HTTP wants it) over one connection and resolves with the name of the server that each
 * went to, or its status where that is not 200.
 */
export async function servedBy(
  port: number,
  requests: readonly string[],
  { host = '127.0.0.1', localAddress }: { readonly host?: string; readonly localAddress?: string } = {},
): Promise<string[]> {
  const socket: Socket = connect({ port, host, ...(localAddress === undefined ? {} : { localAddress }) });
  socket.setEncoding('latin1');
  socket.setTimeout(10_000, () => socket.destroy(new Error('no answer within 10 s')));
  const names: string[] = [];
  let sent = 0;
  const send = (): void => {
    const until = Math.min(requests.length, names.length + AHEAD);
    if (until <= sent) return;
    socket.write(requests.slice(sent, until).join(''), 'latin1');
    sent = until;
  };
  try {
    await new Promise<void>((resolve, reject) => {
      let text = '';
      socket.once('error', reject);
      socket.once('close', () => reject(new Error(`closed after ${names.length} of ${requests.length} answers`)));
      socket.on('data', (chunk) => {
        text += String(chunk);
        for (let end = text.indexOf(HEAD_END); end >= 0; end = text.indexOf(HEAD_END)) {
          const head = text.slice(0, end);
          const length = Number(/\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
          if (text.length < end + HEAD_END.length + length) return;
          text = text.slice(end + HEAD_END.length + length);
          const status = head.slice(9, 12);
          names.push(status === '200' ? (/\nx-server: (\S+)/.exec(head)?.[1] ?? 'none') : status);
        }
        if (names.length === requests.length) resolve();
        else if (names.length >= sent - AHEAD / 2) send();
      });
      send();
    });
  } finally {
    socket.destroy();
  }
  return names;
}
