/**
 * How requests end, event by event: the scenes of the termination table in mode http (manual, section 8.5). `state` is what both
 * programs are to log. Each event is brought about by a condition that is awaited; where a time-out is the event, the others
 * are far away.
 */

import type { Scene } from './log-scenes.ts';
import type { Peer } from './peer.ts';

/** The termination state that the last line of the scene shows. */
export interface TerminationScene extends Scene {
  readonly state: string;
  /** Where the two programs differ: what HAProxy logs, and why we do not. */
  readonly haproxy?: { readonly state: string; readonly why: string };
}

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const SHORT = '600ms';

const post = (length: number, body: string): string =>
  `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n${body}`;

/** The server reads a request's head and then does this. */
const afterHead =
  (act: (server: Peer) => unknown) =>
  async (server: Peer): Promise<void> => {
    await server.until('\r\n\r\n');
    await act(server);
  };
const answers = (text: string): Scene['serve'] => afterHead((server) => server.send(text));
const silent: Scene['serve'] = afterHead(() => undefined);

/** One client sends `request` and waits for the end of its connection, or for `until`. */
const ask =
  (request: string, until?: string): Scene['act'] =>
  async ({ client }) => {
    const peer = (await client()).send(request);
    await (until === undefined ? peer.gone() : peer.until(until));
  };

const TUNNEL = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n';

const scenes: Readonly<Record<string, Omit<TerminationScene, 'name' | 'mode'>>> = {
  'all went well': { serve: answers(OK), act: ask(GET, 'ok'), state: '----' },
  'two requests of one connection': {
    serve: async (server) => {
      await server.until('\r\n\r\n');
      server.send(OK);
      await server.until('/second');
      server.send(OK);
    },
    act: async ({ client }) => {
      const peer = (await client()).send(GET);
      await peer.until('ok');
      peer.send('GET /second HTTP/1.1\r\nhost: a\r\n\r\n');
      await peer.until('okHTTP/1.1 200');
    },
    lines: 2,
    state: '----',
  },
  'half a request, and the client closes': {
    act: async ({ client }) => {
      const peer = (await client()).send('GET / HTTP/1.1\r\nhost: a\r\n');
      peer.end();
      await peer.gone();
    },
    state: 'CR--',
  },
  'half a request, and the client resets': {
    act: async ({ client, counted }) => {
      const peer = (await client()).send('GET / HTTP/1.1\r\nhost: a\r\n');
      await counted('frontend', 'scur', '1');
      peer.reset();
    },
    state: 'CR--',
  },
  'nothing, and the client closes': {
    act: async ({ client }) => {
      const peer = await client();
      peer.end();
      await peer.gone();
    },
    state: 'CR--',
  },
  'half a request, and timeout http-request': {
    frontend: [`timeout http-request ${SHORT}`],
    act: ask('GET / HTTP/1.1\r\nhost: a\r\n'),
    state: 'cR--',
  },
  'nothing, and timeout http-request': {
    frontend: [`timeout http-request ${SHORT}`],
    act: ask(''),
    state: 'cR--',
  },
  'half a request, and timeout client': {
    frontend: [`timeout client ${SHORT}`],
    act: ask('GET / HTTP/1.1\r\nhost: a\r\n'),
    state: 'cR--',
  },
  'a request that is none': { act: ask('what is this\r\n\r\n'), state: 'PR--' },
  'a request with a bad framing': {
    act: ask('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'),
    state: 'PR--',
  },
  'a request head that does not fit': {
    act: ask(`GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`),
    state: 'PR--',
  },
  'http-request deny': { frontend: ['http-request deny'], act: ask(GET, '</html>'), state: 'PR--' },
  'http-request deny in the backend': { backend: ['http-request deny'], act: ask(GET, '</html>'), state: 'PR--' },
  'http-request reject': { frontend: ['http-request reject'], act: ask(GET), state: 'PR--' },
  'tcp-request content reject': { frontend: ['tcp-request content reject'], act: ask(GET), state: 'PR--' },
  'http-request reject in the backend': { backend: ['http-request reject'], act: ask(GET), state: 'PR--' },
  'tcp-request content reject in the backend': {
    backend: ['tcp-request content reject'],
    act: ask(GET),
    state: 'PR--',
  },
  'http-request return': { frontend: ['http-request return status 200'], act: ask(GET, '\r\n\r\n'), state: 'LR--' },
  'http-request tarpit': {
    frontend: [`timeout tarpit ${SHORT}`, 'http-request tarpit'],
    act: ask(GET, '</html>'),
    state: 'PT--',
  },
  'the client resets in the tarpit': {
    frontend: [`timeout tarpit 2s`, 'http-request tarpit'],
    act: async ({ client, counted }) => {
      const peer = (await client()).send(GET);
      await counted('frontend', 'dreq', '1');
      peer.reset();
    },
    state: 'PT--',
  },
  'option abortonclose: the client closes in the tarpit': {
    frontend: ['timeout tarpit 3s', 'http-request tarpit'],
    defaults: ['option abortonclose'],
    act: async ({ client, counted }) => {
      const peer = (await client()).send(GET);
      await counted('frontend', 'dreq', '1');
      peer.end();
    },
    state: 'PT--',
  },
  'option abortonclose: the client closes in the tarpit of the backend': {
    defaults: ['option abortonclose'],
    backend: ['timeout tarpit 3s', 'http-request tarpit'],
    act: async ({ client, counted }) => {
      const peer = (await client()).send(GET);
      await counted('backend', 'dreq', '1');
      peer.end();
    },
    state: 'PT--',
  },
  'option http-buffer-request: the body does not come': {
    frontend: ['option http-buffer-request', `timeout http-request ${SHORT}`],
    act: ask(post(10, 'abc')),
    state: 'cR--',
  },
  'option http-buffer-request: the client closes within the body': {
    frontend: ['option http-buffer-request'],
    act: async ({ client }) => {
      const peer = (await client()).send(post(10, 'abc'));
      peer.end();
      await peer.gone();
    },
    state: 'CR--',
  },
  'no backend': { behind: 'no-backend', server: false, act: ask(GET, '</html>'), state: 'SC--' },
  'a backend without a server': { server: false, act: ask(GET, '</html>'), state: 'SC--' },
  'the server is in maintenance': { server: 'disabled', act: ask(GET, '</html>'), state: 'SC--' },
  'the server has a redir prefix': { server: 'redir http://b', act: ask(GET, '\r\n\r\n'), state: 'LC--' },
  'the connection is refused': { behind: 'nobody', act: ask(GET, '</html>'), state: 'SC--' },
  'the connection is refused, and once more': {
    behind: 'nobody',
    backend: ['retries 1', `timeout connect ${SHORT}`],
    act: ask(GET, '</html>'),
    state: 'SC--',
  },
  'the connection is refused, and another server answers': {
    serve: answers(OK),
    backend: ['retries 1', 'option redispatch 1', 'balance static-rr', 'server dead 127.0.0.1:SPARE weight 256'],
    server: 'weight 1',
    act: ask(GET, 'ok'),
    state: '----',
  },
  'timeout connect': {
    behind: 'black-hole',
    backend: [`timeout connect ${SHORT}`],
    act: ask(GET, '</html>'),
    state: 'sC--',
  },
  'option abortonclose: the client closes while a connection is made': {
    behind: 'black-hole',
    defaults: ['option abortonclose'],
    act: async ({ client, counted }) => {
      const peer = (await client()).send(GET);
      await counted('s', 'scur', '1');
      peer.end();
      await peer.gone();
    },
    state: 'CC--',
  },
  'no source port is left': {
    serve: silent,
    server: 'source 127.0.0.1:SPARE-SPARE',
    act: async ({ client, server }) => {
      (await client()).send(GET);
      await (await server(0)).until('\r\n\r\n');
      await (await client()).send(GET).until('</html>');
    },
    leavesOthers: true,
    state: 'RC--',
    haproxy: {
      state: 'SC--',
      why: 'the manual has RC for source ports that are used up; HAProxy 2.6.12 says what it says of a refused connection',
    },
  },
  'timeout queue': {
    server: 'maxconn 1',
    backend: [`timeout queue ${SHORT}`],
    serve: silent,
    act: async ({ client, server }) => {
      (await client()).send(GET);
      await (await server(0)).until('\r\n\r\n');
      await (await client()).send(GET).until('</html>');
    },
    leavesOthers: true,
    state: 'sQ--',
  },
  'option abortonclose: the client closes in the queue': {
    server: 'maxconn 1',
    defaults: ['option abortonclose'],
    serve: silent,
    act: async ({ client, server, counted }) => {
      (await client()).send(GET);
      await (await server(0)).until('\r\n\r\n');
      const peer = (await client()).send(GET);
      await counted('backend', 'qcur', '1');
      peer.end();
      await peer.gone();
    },
    leavesOthers: true,
    state: 'CQ--',
  },
  'the queue of the only server that may serve is full': {
    server: 'maxconn 1 maxqueue 1',
    backend: ['use-server s if TRUE', 'no option redispatch'],
    serve: silent,
    act: async ({ client, server, counted }) => {
      (await client()).send(GET);
      await (await server(0)).until('\r\n\r\n');
      (await client()).send(GET);
      await counted('s', 'qcur', '1');
      await (await client()).send(GET).until('</html>');
    },
    leavesOthers: true,
    state: 'SQ--',
  },
  'the server closes instead of answering': {
    serve: afterHead((server) => server.end()),
    act: ask(GET, '</html>'),
    state: 'SH--',
  },
  'the server resets instead of answering': {
    serve: afterHead((server) => server.reset()),
    act: ask(GET, '</html>'),
    state: 'SH--',
  },
  'the server closes within its head': {
    serve: afterHead((server) => server.send('HTTP/1.1 200 OK\r\nConten').end()),
    act: ask(GET, '</html>'),
    state: 'SH--',
  },
  'timeout server before the response': {
    backend: [`timeout server ${SHORT}`],
    serve: silent,
    act: ask(GET, '</html>'),
    state: 'sH--',
  },
  'timeout server within the head': {
    backend: [`timeout server ${SHORT}`],
    serve: answers('HTTP/1.1 200 OK\r\nConten'),
    act: ask(GET, '</html>'),
    state: 'sH--',
  },
  'a response that is none': { serve: answers('hello\r\n\r\n'), act: ask(GET, '</html>'), state: 'PH--' },
  'a response head that does not fit': {
    serve: answers(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`),
    act: ask(GET, '</html>'),
    state: 'PH--',
  },
  'http-response deny': {
    serve: answers(OK),
    frontend: ['http-response deny'],
    act: ask(GET, '</html>'),
    state: 'PH--',
  },
  'http-response return': {
    serve: answers(OK),
    frontend: ['http-response return status 200'],
    act: ask(GET, '\r\n\r\n'),
    state: 'LH--',
  },
  'the request body breaks before the response': {
    serve: silent,
    act: async ({ client, server }) => {
      const peer = (await client()).send(
        'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n',
      );
      await (await server(0)).until('abc');
      await peer.send('zz\r\n').gone();
    },
    state: 'PH--',
  },
  'option abortonclose: the client closes before the response': {
    defaults: ['option abortonclose'],
    serve: silent,
    act: async ({ client, server }) => {
      const peer = (await client()).send(GET);
      await (await server(0)).until('\r\n\r\n');
      peer.end();
      await peer.gone();
    },
    state: 'CH--',
  },
  'the client closes before the response, and waits for it': {
    serve: silent,
    act: async ({ client, server }) => {
      const peer = (await client()).send(GET);
      peer.end();
      await (await server(0)).until('\r\n\r\n');
      (await server(0)).send(OK);
      await peer.gone();
    },
    state: '----',
  },
  'the client resets before the response, which comes all the same': {
    serve: silent,
    act: async ({ client, server, counted }) => {
      const peer = (await client()).send(GET);
      await (await server(0)).until('\r\n\r\n');
      peer.reset();
      await counted('frontend', 'scur', '1');
      (await server(0)).send(OK);
    },
    state: 'CD--',
  },
  'the client closes within its body': {
    serve: silent,
    act: async ({ client, server }) => {
      const peer = (await client()).send(post(10, 'abc'));
      await (await server(0)).until('abc');
      peer.end();
      await peer.gone();
    },
    state: 'CD--',
  },
  'the client resets within its body': {
    serve: silent,
    act: async ({ client, server }) => {
      const peer = (await client()).send(post(10, 'abc'));
      await (await server(0)).until('abc');
      peer.reset();
    },
    state: 'CD--',
  },
  'the request body stalls, and timeout client is the shorter one': {
    frontend: [`timeout client ${SHORT}`],
    backend: ['timeout server 3s'],
    serve: silent,
    act: ask(post(10, 'abc')),
    state: 'cD--',
    haproxy: {
      state: 'sH--',
      why: "HAProxy 2.6.12 waits for the server's time-out and blames the server; the manual says whose turn it was",
    },
  },
  'the client resets within the response': {
    serve: answers('HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\nabc'),
    act: async ({ client, server }) => {
      const peer = (await client()).send(GET);
      await peer.until('abc');
      peer.reset();
      (await server(0)).flood();
    },
    state: 'CD--',
  },
  'the client reads nothing of the response': {
    frontend: [`timeout client ${SHORT}`],
    serve: afterHead((server) => {
      server.send('HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n');
      server.flood();
    }),
    act: async ({ client }) => (await client({ reads: false })).send(GET),
    state: 'cD--',
  },
  'the server closes within the response': {
    serve: afterHead((server) => server.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc').end()),
    act: ask(GET),
    state: 'SD--',
  },
  'the server resets within the response': {
    serve: answers('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
    act: async ({ client, server }) => {
      const peer = (await client()).send(GET);
      await peer.until('abc');
      (await server(0)).reset();
      await peer.gone();
    },
    state: 'SD--',
  },
  'timeout server within the response': {
    backend: [`timeout server ${SHORT}`],
    serve: answers('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
    act: ask(GET),
    state: 'sD--',
  },
  'the chunks of the response break': {
    serve: answers('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'),
    act: async ({ client, server }) => {
      const peer = (await client()).send(GET);
      await peer.until('abc');
      (await server(0)).send('zz\r\n');
      await peer.gone();
    },
    state: 'SD--',
  },
  'tcp-response content reject': {
    serve: answers(OK),
    backend: ['tcp-response content reject'],
    act: ask(GET),
    state: 'PD--',
  },
  'the server goes down before the response': {
    server: 'on-marked-down shutdown-sessions',
    serve: silent,
    act: async ({ client, server, cli }) => {
      const peer = (await client()).send(GET);
      await (await server(0)).until('\r\n\r\n');
      await cli('set server BACKEND/s state maint');
      await peer.until('</html>');
    },
    state: 'DH--',
  },
  'the server goes down within the response': {
    server: 'on-marked-down shutdown-sessions',
    serve: answers('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
    act: async ({ client, cli }) => {
      const peer = (await client()).send(GET);
      await peer.until('abc');
      await cli('set server BACKEND/s state maint');
      await peer.gone();
    },
    state: 'DD--',
  },
  'an active server is up again, and the backup ends': {
    backend: ['server main 127.0.0.1:SPARE on-marked-up shutdown-backup-sessions disabled'],
    server: 'backup',
    serve: answers('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
    act: async ({ client, cli }) => {
      const peer = (await client()).send(GET);
      await peer.until('abc');
      await cli('set server BACKEND/main state ready');
      await peer.gone();
    },
    state: 'UD--',
  },
  'an operator ends the sessions of the server before the response': {
    serve: silent,
    act: async ({ client, server, cli }) => {
      const peer = (await client()).send(GET);
      await (await server(0)).until('\r\n\r\n');
      await cli('shutdown sessions server BACKEND/s');
      await peer.until('</html>');
    },
    state: 'KH--',
  },
  'an operator ends the sessions of the server within the response': {
    serve: answers('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
    act: async ({ client, cli }) => {
      const peer = (await client()).send(GET);
      await peer.until('abc');
      await cli('shutdown sessions server BACKEND/s');
      await peer.gone();
    },
    state: 'KD--',
  },
  'an operator ends a request that connects': {
    behind: 'black-hole',
    act: async ({ client, counted, kill }) => {
      const peer = (await client()).send(GET);
      await counted('s', 'scur', '1');
      await kill();
      await peer.gone();
    },
    state: 'K---',
  },
  'an operator ends a request that waits for the response': {
    serve: silent,
    act: async ({ client, server, kill }) => {
      const peer = (await client()).send(GET);
      await (await server(0)).until('\r\n\r\n');
      await kill();
      await peer.until('</html>');
    },
    state: 'KH--',
  },
  'an operator ends a response': {
    serve: answers('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
    act: async ({ client, kill }) => {
      const peer = await (await client()).send(GET).until('abc');
      await kill();
      await peer.gone();
    },
    state: 'KD--',
  },
  'an operator ends a tunnel': {
    serve: answers(TUNNEL),
    act: async ({ client, kill }) => {
      const peer = await (await client()).send(UPGRADE).until('101');
      await kill();
      await peer.gone();
    },
    state: 'K---',
  },
  'a tunnel whose ends both close': {
    serve: afterHead(async (server) => {
      await server.send(TUNNEL).until('bye');
      server.end();
    }),
    act: async ({ client }) => {
      const peer = (await client()).send(UPGRADE);
      await peer.until('101');
      peer.send('bye');
      await peer.gone();
      peer.end();
    },
    state: '----',
  },
  'the client resets a tunnel': {
    serve: answers(TUNNEL),
    act: async ({ client }) => {
      const peer = (await client()).send(UPGRADE);
      await peer.until('101');
      peer.reset();
    },
    state: 'CD--',
  },
  'the server resets a tunnel': {
    serve: answers(TUNNEL),
    act: async ({ client, server }) => {
      const peer = await (await client()).send(UPGRADE).until('101');
      (await server(0)).reset();
      await peer.gone();
      peer.end();
    },
    state: 'SD--',
  },
  'timeout server in a tunnel': {
    backend: [`timeout server ${SHORT}`],
    serve: answers(TUNNEL),
    act: ask(UPGRADE),
    state: 'sD--',
  },
  'the server goes down under a tunnel': {
    server: 'on-marked-down shutdown-sessions',
    serve: answers(TUNNEL),
    act: async ({ client, cli }) => {
      const peer = await (await client()).send(UPGRADE).until('101');
      await cli('set server BACKEND/s state maint');
      await peer.gone();
    },
    state: 'D---',
  },
};

export const HTTP_SCENES: readonly TerminationScene[] = Object.entries(scenes).map(([name, scene]) => ({
  name,
  mode: 'http',
  ...scene,
}));
