/** How streams of mode tcp end: the other half of the termination table (see http.ts; manual, section 8.5). */

import type { Stage } from '../log-scenes.ts';
import type { Peer } from '../peer.ts';
import { scenesOf, SHORT, type TerminationScene, type TerminationTable } from './scene.ts';

const echo = (server: Peer): void => {
  server.socket.on('data', (chunk: Buffer) => server.send(chunk));
  server.socket.on('end', () => server.end());
};
const endAtEnd = (server: Peer): void => {
  server.socket.on('end', () => server.end());
};

/** The client sends `x` and waits for the end of its connection. */
const wait: TerminationScene['act'] = async ({ client }) => await (await client()).send('x').gone();
/** The same without a byte. */
const waitSilently: TerminationScene['act'] = async ({ client }) => await (await client()).gone();

/** The connection to the server stands, and then something happens that ends it. */
const whenConnected = (event: (stage: Stage) => Promise<unknown>): Pick<TerminationScene, 'serve' | 'act'> => ({
  serve: (server) => server.send('x'),
  act: async (stage) => {
    const peer = await (await stage.client()).until('x');
    await event(stage);
    await peer.gone();
  },
});

/** While the connection to the server is made, this happens. */
const whileConnecting = (event: (peer: Peer, stage: Stage) => unknown): Pick<TerminationScene, 'behind' | 'act'> => ({
  behind: 'black-hole',
  act: async (stage) => {
    const peer = await stage.client();
    await stage.counted('s', 'scur', '1');
    await event(peer, stage);
  },
});

/** While the stream waits behind another one, this happens. */
const whileQueued = (
  event: (peer: Peer) => unknown,
): Pick<TerminationScene, 'server' | 'serve' | 'act' | 'leavesOthers'> => ({
  server: 'maxconn 1',
  serve: endAtEnd,
  act: async ({ client, server, counted }) => {
    (await client()).send('x');
    await (await server(0)).until('x');
    const peer = await client();
    await counted('backend', 'qcur', '1');
    await event(peer);
  },
  leavesOthers: true,
});

/** It closes, and sees the end. */
const close = async (peer: Peer): Promise<void> => {
  peer.end();
  await peer.gone();
};

const SCENES: TerminationTable = {
  'the client closes first': {
    serve: echo,
    act: async ({ client }) => await close(await (await client()).send('ping').until('ping')),
    state: '--',
  },
  'the server closes first': {
    serve: (server) => server.socket.on('data', () => server.send('bye').end()),
    act: async ({ client }) => {
      const peer = await (await client()).send('ping').gone();
      peer.end();
    },
    state: '--',
  },
  'the client resets': {
    serve: echo,
    act: async ({ client }) => (await (await client()).send('ping').until('ping')).reset(),
    state: 'CD',
  },
  'the server resets': {
    serve: (server) => server.send('x'),
    act: async ({ client, server }) => {
      const peer = await (await client()).until('x');
      (await server(0)).reset();
      await peer.gone();
      peer.end();
    },
    state: 'SD',
  },
  'the client resets after the server has closed': {
    serve: (server) => server.send('y').end(),
    act: async ({ client }) => (await (await client()).gone()).reset(),
    state: 'CD',
  },
  'the server resets after the client has closed': {
    serve: (server) => server.socket.on('end', () => server.reset()),
    act: async ({ client }) => await close((await client()).send('x')),
    state: 'SD',
  },
  'timeout client, and the server closes': {
    frontend: [`timeout client ${SHORT}`],
    serve: (server) => server.socket.on('end', () => server.send('last words').end()),
    act: wait,
    state: 'cD',
  },
  'timeout client, then timeout server': {
    frontend: [`timeout client ${SHORT}`],
    backend: ['timeout server 2s'],
    act: wait,
    state: 'cD',
  },
  'timeout server, then timeout client': {
    frontend: ['timeout client 2s'],
    backend: [`timeout server ${SHORT}`],
    act: wait,
    state: 'sD',
  },
  'timeout server-fin': {
    backend: [`timeout server-fin ${SHORT}`],
    act: async ({ client }) => await close((await client()).send('x')),
    state: 'sD',
  },
  'timeout client-fin': {
    frontend: [`timeout client-fin ${SHORT}`],
    serve: (server) => server.send('y').end(),
    act: waitSilently,
    state: 'cD',
  },
  'the client reads nothing': {
    frontend: [`timeout client ${SHORT}`],
    serve: (server) => server.flood(),
    act: async ({ client }) => (await client({ reads: false })).send('x'),
    isFlood: true,
    state: 'cD',
  },
  'the server reads nothing': {
    backend: [`timeout server ${SHORT}`],
    serverReads: false,
    act: async ({ client }) => {
      const peer = await client();
      peer.flood();
      await peer.gone();
    },
    isFlood: true,
    state: 'sD',
  },
  'the connection is refused': { behind: 'nobody', act: waitSilently, state: 'SC' },
  'the connection is refused, and once more': {
    behind: 'nobody',
    backend: ['retries 1', `timeout connect ${SHORT}`],
    act: waitSilently,
    state: 'SC',
  },
  'timeout connect': { behind: 'black-hole', backend: [`timeout connect ${SHORT}`], act: waitSilently, state: 'sC' },
  'timeout client while a connection is made': {
    behind: 'black-hole',
    frontend: [`timeout client ${SHORT}`],
    backend: ['timeout connect 3s'],
    act: waitSilently,
    state: 'cC',
  },
  'the client closes while a connection is made': { ...whileConnecting(close), state: 'CC' },
  'the client resets while a connection is made': { ...whileConnecting((peer) => peer.reset()), state: 'CD' },
  'timeout queue': {
    server: 'maxconn 1',
    backend: [`timeout queue ${SHORT}`],
    serve: endAtEnd,
    act: async ({ client, server }) => {
      (await client()).send('x');
      await (await server(0)).until('x');
      await (await client()).send('y').gone();
    },
    leavesOthers: true,
    state: 'sQ',
  },
  'the client closes in the queue': { ...whileQueued(close), state: 'CQ' },
  'the client resets in the queue': { ...whileQueued((peer) => peer.reset()), state: 'CD' },
  'timeout client in the queue': {
    server: 'maxconn 1',
    frontend: [`timeout client ${SHORT}`],
    backend: ['timeout tunnel 30s'],
    serve: endAtEnd,
    act: async ({ client, server }) => {
      (await client()).send('x');
      await (await server(0)).until('x');
      await (await client()).gone();
    },
    leavesOthers: true,
    state: 'cQ',
  },
  'the queue of the only server that may serve is full': {
    server: 'maxconn 1 maxqueue 1',
    backend: ['use-server s if TRUE', 'no option redispatch'],
    act: async ({ client, server, counted }) => {
      (await client()).send('x');
      await (await server(0)).until('x');
      (await client()).send('y');
      await counted('s', 'qcur', '1');
      await (await client()).gone();
    },
    leavesOthers: true,
    state: 'SQ',
  },
  'tcp-request content reject': { frontend: ['tcp-request content reject'], act: waitSilently, state: 'PR' },
  'tcp-request content reject in the backend': {
    backend: ['tcp-request content reject'],
    act: waitSilently,
    state: 'PR',
  },
  'the client resets while rules wait for its data': {
    frontend: ['tcp-request inspect-delay 30s', 'tcp-request content accept if WAIT_END'],
    act: async ({ client, counted }) => {
      const peer = await client();
      await counted('frontend', 'scur', '1');
      peer.reset();
    },
    state: 'CR',
  },
  'timeout client while rules wait for its data': {
    frontend: [`timeout client ${SHORT}`, 'tcp-request inspect-delay 30s', 'tcp-request content accept if WAIT_END'],
    act: waitSilently,
    state: 'cR',
  },
  'tcp-response content reject': {
    backend: ['tcp-response content reject'],
    serve: (server) => server.send('secret'),
    act: waitSilently,
    state: 'PD',
  },
  'no backend': { behind: 'no-backend', server: false, act: waitSilently, state: 'SC' },
  'a backend without a server': { server: false, act: waitSilently, state: 'SC' },
  'the server goes down': {
    ...whenConnected(async ({ cli }) => await cli('set server BACKEND/s state maint')),
    server: 'on-marked-down shutdown-sessions',
    state: 'D-',
  },
  'an active server is up again, and the backup ends': {
    ...whenConnected(async ({ cli }) => await cli('set server BACKEND/main state ready')),
    backend: ['server main 127.0.0.1:SPARE on-marked-up shutdown-backup-sessions disabled'],
    server: 'backup',
    state: 'U-',
  },
  'an operator ends the sessions of the server': {
    ...whenConnected(async ({ cli }) => await cli('shutdown sessions server BACKEND/s')),
    state: 'K-',
  },
  'an operator ends a stream': { ...whenConnected(async ({ kill }) => await kill()), state: 'K-' },
  'an operator ends a stream that connects': {
    ...whileConnecting(async (peer, { kill }) => {
      await kill();
      await peer.gone();
    }),
    state: 'KC',
  },
};

export const TCP_SCENES = scenesOf('tcp', SCENES);
