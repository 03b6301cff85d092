/** Mode http: tunnels that end. */

import { SHORT, afterHead, answers, ask, type TerminationTable } from './scene.ts';

const TUNNEL = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n';

export const TUNNELS: TerminationTable = {
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
