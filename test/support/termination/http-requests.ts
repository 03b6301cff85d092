/** Mode http: streams that end before a server is sought, and those that end well. */

import { SHORT, GET, OK, post, answers, ask, type TerminationTable } from './scene.ts';

export const REQUESTS: TerminationTable = {
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
};
