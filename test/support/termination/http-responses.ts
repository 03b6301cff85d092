/** Mode http: streams that end while a response is waited for or sent, and bodies of requests that break. */

import type { Stage } from '../log-scenes.ts';
import {
  SHORT,
  GET,
  OK,
  post,
  afterHead,
  answers,
  silent,
  ask,
  type TerminationScene,
  type TerminationTable,
} from './scene.ts';

/** The server is silent, or has sent half of its response; then something happens that ends the stream with or without a page. */
const beforeResponse = (event: (stage: Stage) => Promise<unknown>): Pick<TerminationScene, 'serve' | 'act'> => ({
  serve: silent,
  act: async (stage) => {
    const peer = (await stage.client()).send(GET);
    await (await stage.server(0)).until('\r\n\r\n');
    await event(stage);
    await peer.until('</html>');
  },
});
const withinResponse = (event: (stage: Stage) => unknown): Pick<TerminationScene, 'serve' | 'act'> => ({
  serve: answers(HALF),
  act: async (stage) => {
    const peer = await (await stage.client()).send(GET).until('abc');
    await event(stage);
    await peer.gone();
  },
});

/** Three of ten bytes. */
const HALF = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc';

export const RESPONSES: TerminationTable = {
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
    serve: afterHead((server) => server.send(HALF).end()),
    act: ask(GET),
    state: 'SD--',
  },
  'the server resets within the response': {
    ...withinResponse(async ({ server }) => (await server(0)).reset()),
    state: 'SD--',
  },
  'timeout server within the response': {
    backend: [`timeout server ${SHORT}`],
    serve: answers(HALF),
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
    ...beforeResponse(async ({ cli }) => await cli('set server BACKEND/s state maint')),
    server: 'on-marked-down shutdown-sessions',
    state: 'DH--',
  },
  'the server goes down within the response': {
    ...withinResponse(async ({ cli }) => await cli('set server BACKEND/s state maint')),
    server: 'on-marked-down shutdown-sessions',
    state: 'DD--',
  },
  'an active server is up again, and the backup ends': {
    ...withinResponse(async ({ cli }) => await cli('set server BACKEND/main state ready')),
    backend: ['server main 127.0.0.1:SPARE on-marked-up shutdown-backup-sessions disabled'],
    server: 'backup',
    state: 'UD--',
  },
  'an operator ends the sessions of the server before the response': {
    ...beforeResponse(async ({ cli }) => await cli('shutdown sessions server BACKEND/s')),
    state: 'KH--',
  },
  'an operator ends the sessions of the server within the response': {
    ...withinResponse(async ({ cli }) => await cli('shutdown sessions server BACKEND/s')),
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
    ...beforeResponse(async ({ kill }) => await kill()),
    state: 'KH--',
  },
  'an operator ends a response': { ...withinResponse(async ({ kill }) => await kill()), state: 'KD--' },
};
