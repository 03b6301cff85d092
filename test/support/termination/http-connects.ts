/** Mode http: streams that end while a server is sought, waited for or connected to. */

import { SHORT, GET, OK, answers, silent, ask, type TerminationTable } from './scene.ts';

export const CONNECTS: TerminationTable = {
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
};
