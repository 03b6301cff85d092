/**
 * The timers of manual section 8.4 on HAProxy and on evenkeel: in each scene one thing takes long, and the same times of the line are
 * long on both.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { playScenes, type Scene } from '../support/log-scenes.ts';
import type { Peer } from '../support/peer.ts';
import { findProgram, missing } from '../support/programs.ts';

/** What takes long takes this long; half of it is called long, so a machine may be slow by as much. */
const LONG_MS = 1500;

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const TIMERS = 'Th Ti TR Tq Tw Tc Tr Td Ta Tt Tu'.split(' ');
const TCP_TIMERS = 'Th Tw Tc Td Tt Tu'.split(' ');

const scenes: readonly Scene[] = [
  {
    name: 'nothing',
    mode: 'http',
    serve: async (server) => (await server.until('\r\n\r\n')).send(OK),
    act: async ({ client }) => await (await client()).send(GET).until('ok'),
  },
  {
    name: 'the client is silent at first',
    mode: 'http',
    serve: async (server) => (await server.until('\r\n\r\n')).send(OK),
    act: async ({ client }) => {
      const peer = await client();
      await pause(LONG_MS);
      await peer.send(GET).until('ok');
    },
  },
  {
    name: 'the request comes in two halves',
    mode: 'http',
    serve: async (server) => (await server.until('\r\n\r\n')).send(OK),
    act: async ({ client }) => {
      const peer = (await client()).send(GET.slice(0, 10));
      await pause(LONG_MS);
      await peer.send(GET.slice(10)).until('ok');
    },
  },
  {
    name: 'the client is silent between two requests',
    mode: 'http',
    serve: async (server) => {
      await server.until('\r\n\r\n');
      server.send(OK);
      await server.until('/second');
      server.send(OK);
    },
    act: async ({ client }) => {
      const peer = await (await client()).send(GET).until('ok');
      await pause(LONG_MS);
      await peer.send('GET /second HTTP/1.1\r\nhost: a\r\n\r\n').until('okHTTP');
    },
    lines: 2,
  },
  {
    name: 'the server is slow',
    mode: 'http',
    serve: async (server) => {
      await server.until('\r\n\r\n');
      await pause(LONG_MS);
      server.send(OK);
    },
    act: async ({ client }) => await (await client()).send(GET).until('ok'),
  },
  {
    name: 'the body of the response is slow',
    mode: 'http',
    serve: async (server) => {
      await server.until('\r\n\r\n');
      server.send(OK.slice(0, -1));
      await pause(LONG_MS);
      server.send('k');
    },
    act: async ({ client }) => await (await client()).send(GET).until('ok'),
  },
  {
    name: 'the body of the request is slow',
    mode: 'http',
    serve: async (server) => (await server.until('abcd')).send(OK),
    act: async ({ client }) => {
      const peer = (await client()).send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nab');
      await pause(LONG_MS);
      await peer.send('cd').until('ok');
    },
  },
  {
    name: 'rules wait for the body of the request',
    mode: 'http',
    frontend: ['option http-buffer-request'],
    serve: async (server) => (await server.until('abcd')).send(OK),
    act: async ({ client }) => {
      const peer = (await client()).send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nab');
      await pause(LONG_MS);
      await peer.send('cd').until('ok');
    },
  },
  {
    name: 'the queue is long',
    mode: 'http',
    server: 'maxconn 1',
    serve: async (server: Peer, nth: number) => {
      await server.until('\r\n\r\n');
      if (nth === 0) await pause(LONG_MS);
      server.send(OK.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')).end();
    },
    act: async ({ client, server }) => {
      const first = (await client()).send(GET);
      await (await server(0)).until('\r\n\r\n');
      const second = (await client()).send(GET);
      await first.until('ok');
      await second.until('ok');
    },
    lines: 2,
  },
  {
    name: 'a connection is tried again after a pause',
    mode: 'http',
    behind: 'nobody',
    backend: ['retries 1', 'timeout connect 20s'],
    act: async ({ client }) => await (await client()).send(GET).until('</html>'),
  },
  {
    name: 'a tarpit',
    mode: 'http',
    frontend: [`timeout tarpit ${LONG_MS}`, 'http-request tarpit'],
    act: async ({ client }) => await (await client()).send(GET).until('</html>'),
  },
  {
    name: 'option logasap',
    mode: 'http',
    frontend: ['option logasap'],
    serve: async (server) => {
      await server.until('\r\n\r\n');
      await pause(LONG_MS);
      server.send(OK.slice(0, -1));
      await pause(LONG_MS);
      server.send('k');
    },
    act: async ({ client }) => await (await client()).send(GET).until('ok'),
  },
  {
    name: 'a long stream of mode tcp',
    mode: 'tcp',
    serve: async (server) => {
      await server.until('x');
      await pause(LONG_MS);
      server.send('y').end();
    },
    act: async ({ client }) => {
      const peer = await (await client()).send('x').gone();
      peer.end();
    },
  },
  {
    name: 'a queue of mode tcp',
    mode: 'tcp',
    server: 'maxconn 1',
    serve: async (server: Peer, nth: number) => {
      await server.until('x');
      if (nth === 0) await pause(LONG_MS);
      server.send('y').end();
    },
    act: async ({ client, server }) => {
      const first = (await client()).send('x');
      await (await server(0)).until('x');
      const second = (await client()).send('x');
      await first.gone();
      first.end();
      await second.gone();
      second.end();
    },
    lines: 2,
  },
];

function format({ mode }: Scene): readonly string[] {
  const names = mode === 'http' ? TIMERS : TCP_TIMERS;
  return [`log-format "%f: %b/%s ${names.map((name) => `${name}=%${name}`).join(' ')}"`];
}

test('the same times are long', { skip: missing('haproxy') }, async (context) => {
  const options = { format, longMs: LONG_MS / 2, parallel: scenes.length };
  const real = await playScenes(scenes, { ...options, program: findProgram('haproxy') });
  const ours = await playScenes(scenes, { ...options, threads: 2 });
  for (const { name } of scenes) {
    await context.test(name, () => {
      assert.match(real.get(name)!.lines[0], /^f: /);
      assert.deepEqual(ours.get(name)!.lines, real.get(name)!.lines);
    });
  }
});
