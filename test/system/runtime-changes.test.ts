/**
 * What commands of the runtime socket do to clients, on two threads: limits that wake who waits, frontends whose ports are
 * released and bound again, streams that are listed and ended, and servers that come while requests flow.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Daemon, accepts, freePorts, until } from '../support/daemon.ts';

const HEAD = `global
    nbthread 2
    stats socket FOLDER/admin.sock level admin
defaults
    timeout client 20s
    timeout server 20s
    timeout connect 5s
`;

/** A client that says what it heard. */
class Client {
  readonly socket: Socket;
  text = '';
  isClosed = false;

  constructor(port: number, text: string) {
    this.socket = connect(port, '127.0.0.1', () => this.socket.write(text));
    this.socket.on('data', (chunk) => (this.text += chunk.toString('latin1')));
    this.socket.on('error', () => undefined);
    this.socket.once('close', () => (this.isClosed = true));
  }
}

const REQUEST = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';

test('a higher limit lets those begin that wait, on every thread; a lower one closes nobody', async () => {
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(
    `${HEAD}    mode http\nfrontend f\n    bind 127.0.0.1:${port}\n    maxconn 4\n    http-request return status 200\n`,
    { port },
  );
  await until('the first client has left', async () => (await daemon.statistic('f', 'FRONTEND', 'scur')) === '0');
  const clients = Array.from({ length: 24 }, () => new Client(port, REQUEST));
  const served = (): number => clients.filter(({ text }) => text.startsWith('HTTP/1.1 200')).length;
  await until('four are served', () => served() === 4);
  assert.equal(await daemon.ask('set maxconn frontend f 20'), '\n');
  await until('twenty are served', () => served() === 20);
  assert.equal(await daemon.ask('set maxconn frontend f 1'), '\n');
  assert.equal(await daemon.statistic('f', 'FRONTEND', 'scur'), '20');
  assert.equal(await daemon.statistic('f', 'FRONTEND', 'slim'), '1');
  assert.equal(served(), 20);
  assert.ok(clients.every(({ isClosed }) => !isClosed));
  // Places of those who leave are not given away while there are too many.
  for (const client of clients.filter(({ text }) => text !== '').slice(0, 10)) client.socket.destroy();
  await until('they have left', async () => (await daemon.statistic('f', 'FRONTEND', 'scur')) === '10');
  assert.equal(await daemon.ask('set maxconn global 12'), '\n');
  assert.equal(await daemon.ask('set maxconn frontend f 100'), '\n');
  await until('the limit of the process holds', async () => (await daemon.statistic('f', 'FRONTEND', 'scur')) === '12');
  assert.equal(await daemon.ask('set maxconn global 0'), '\n');
  await until('all are served', () => served() === 24);
  for (const { socket } of clients) socket.destroy();
});

test('a frontend that is disabled leaves its port to others, and takes it back', async () => {
  const [port, shut] = await freePorts(2);
  const configuration = `${HEAD}    mode http\nfrontend f\n    bind 127.0.0.1:${port}\n    http-request return status 200\nfrontend g\n    bind 127.0.0.1:${shut}\n    bind FOLDER/g.sock\n    http-request return status 200\n`;
  await using daemon = await Daemon.start(configuration, { port, flags: ['-W'] });
  const standing = new Client(port, REQUEST);
  await until('it is served', () => standing.text.startsWith('HTTP/1.1 200'));
  assert.equal(await daemon.ask('disable frontend f'), '\n');
  assert.equal(await accepts(port), false);
  assert.equal(await daemon.statistic('f', 'FRONTEND', 'status'), 'PAUSED');
  standing.text = '';
  standing.socket.write(REQUEST);
  await until('the old connection goes on', () => standing.text.startsWith('HTTP/1.1 200'));
  // A reload does not open what an operator has closed.
  assert.match(await daemon.reload(configuration), /Loading success/);
  assert.equal(await accepts(port), false);
  const other = createServer().listen({ port, host: '127.0.0.1', exclusive: true });
  await once(other, 'listening');
  assert.match(await daemon.ask('enable frontend f'), /Failed to resume frontend, check logs for precise cause/);
  other.close();
  await once(other, 'close');
  assert.equal(await daemon.ask('disable frontend f'), '\n');
  assert.equal(await daemon.ask('enable frontend f'), '\n');
  assert.equal(await accepts(port), true);
  assert.equal(await daemon.statistic('f', 'FRONTEND', 'status'), 'OPEN');

  assert.equal(await daemon.ask('shutdown frontend g'), '\n');
  assert.equal(await accepts(shut), false);
  assert.match(daemon.output, /Proxy g stopped/);
  assert.equal(await daemon.statistic('g', 'FRONTEND', 'status'), 'STOP');
  // Until the file is read anew.
  assert.match(await daemon.reload(configuration), /Loading success/);
  assert.equal(await accepts(shut), true);
  standing.socket.destroy();
});

test('streams of all threads and generations are listed, and ended one by one or by server', async () => {
  const [port] = await freePorts(1);
  const server = createServer((socket) => socket.on('error', () => undefined).write('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const configuration = `${HEAD}    mode tcp\nfrontend f\n    bind 127.0.0.1:${port}\n    default_backend b\nbackend b\n    server s 127.0.0.1:${(server.address() as AddressInfo).port}\n`;
    await using daemon = await Daemon.start(configuration, { port, flags: ['-W'] });
    await until('the first client has left', async () => (await daemon.statistic('f', 'FRONTEND', 'scur')) === '0');
    const clients = Array.from({ length: 12 }, () => new Client(port, 'x'));
    await until('all are served', () => clients.every(({ text }) => text === 'hello'));
    await daemon.reload(configuration);
    clients.push(new Client(port, 'x'));
    await until('all are served', () => clients.every(({ text }) => text === 'hello'));
    const lines = (await daemon.ask('show sess')).split('\n').filter((line) => line.includes(' fe=f be=b srv=s '));
    assert.equal(lines.length, 13);
    const ids = lines.map((line) => line.slice(0, line.indexOf(':')));
    assert.equal(new Set(ids).size, 13);
    assert.match(await daemon.ask(`show sess ${ids[5]}`), new RegExp(`^${ids[5]}: \\[.*\n  server=s `, 's'));
    assert.equal(await daemon.ask(`shutdown session ${ids[5]}`), '\n');
    await until('one has ended', () => clients.filter(({ isClosed }) => isClosed).length === 1);
    assert.equal(await daemon.ask(`show sess ${ids[5]}`), 'Session not found.\n\n');
    assert.equal(await daemon.ask('shutdown sessions server b/s'), '\n');
    await until('all have ended', () => clients.every(({ isClosed }) => isClosed));
  } finally {
    server.close();
  }
});

test('a server that is added while requests flow loses none of them, and a reload keeps it', async () => {
  const [port] = await freePorts(1);
  const servers = ['one', 'two'].map((name) =>
    createHttpServer((_request, response) => response.end(name)).listen(0, '127.0.0.1'),
  );
  await Promise.all(servers.map(async (server) => await once(server, 'listening')));
  const [one, two] = servers.map((server) => (server.address() as AddressInfo).port);
  try {
    const configuration = `${HEAD}    mode http\n    default-server weight 3 maxconn 77\nfrontend f\n    bind 127.0.0.1:${port}\n    default_backend b\nbackend b\n    server s1 127.0.0.1:${one}\n`;
    await using daemon = await Daemon.start(configuration, { port, flags: ['-W'] });
    const answers: string[] = [];
    let isOver = false;
    const load = Array.from({ length: 4 }, async () => {
      while (!isOver) answers.push(await (await fetch(`http://127.0.0.1:${port}/`)).text());
    });
    assert.match(await daemon.ask(`add server b/s2 127.0.0.1:${two} enabled`), /^New server registered\.\n/);
    await until('it serves', () => answers.includes('two'));
    assert.equal(await daemon.statistic('b', 's2', 'slim'), '77');
    assert.match(await daemon.reload(configuration), /Loading success/);
    answers.length = 0;
    await until('it serves still', () => answers.includes('two'));
    await daemon.ask('set server b/s2 state maint');
    await until('it is idle', async () => (await daemon.statistic('b', 's2', 'scur')) === '0');
    assert.equal(await daemon.ask('del server b/s2'), 'Server deleted.\n');
    answers.length = 0;
    await until('the other goes on', () => answers.length > 20);
    isOver = true;
    await Promise.all(load);
    assert.deepEqual([...new Set(answers)], ['one']);
    assert.equal(await daemon.statistic('b', 's2', 'status'), '');
  } finally {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  }
});
