// Which sections a thread has ready, and that those it has not behave as if it had.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { BackendVersion, Mailbox, ServerState, Wake } from '@evenkeel/shm';
import { prepareServers } from './backend/prepare.ts';
import {
  answering,
  startProxy,
  type Peer,
  type ProxyOptions,
  type ServerScript,
  type TestProxy,
} from './http/test-kit.ts';

const FILLERS = 60;
const SERVERS = 20;

const FRONTEND = ['use_backend %[path,field(2,/)] if { path_beg /f }', 'http-request set-header x-up %[nbsrv(f7)]'];

/** More servers than a thread makes ready. */
const large = (serverPort: number): ProxyOptions => ({
  frontend: FRONTEND,
  sections: Array.from({ length: FILLERS }, (_, index) => [
    `backend f${index}`,
    ...Array.from({ length: SERVERS }, (__, at) => `  server s${at} 127.0.0.1:${serverPort}`),
  ]).flat(),
});

async function startLarge(context: TestContext, script?: ServerScript): Promise<TestProxy> {
  const proxy = await startProxy(context, {}, script);
  await proxy.apply(large(proxy.serverPort));
  return proxy;
}

/** Names of the backends that are built. */
const ready = ({ host }: TestProxy): string[] =>
  host.keeper.current!.backends.flatMap((backend) => (backend === undefined ? [] : [backend.name]));

async function get(client: Peer, path: string): Promise<void> {
  client.send(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
  await client.until('ok');
}

test('a plan of ordinary size is ready as a whole before it serves', async (context) => {
  const proxy = await startProxy(context, { sections: ['backend b', '  server s 127.0.0.1:1'] });
  assert.deepEqual(ready(proxy), ['be', 'b']);
});

test('of a large plan what the one before has used is ready, the rest when it is used', async (context) => {
  const proxy = await startLarge(context);
  assert.deepEqual(ready(proxy), []);
  const client = await proxy.connect();
  await get(client, '/');
  await get(client, '/f3');
  // A rule asks how many servers of f7 there are.
  assert.deepEqual(ready(proxy), ['be', 'f3', 'f7']);
  assert.match(proxy.servers[0].received, new RegExp(`x-up: ${SERVERS}\r\n`));
  await proxy.apply(large(proxy.serverPort));
  assert.deepEqual(ready(proxy), ['be', 'f3', 'f7']);
  await get(client, '/f59');
  assert.deepEqual(ready(proxy), ['be', 'f3', 'f7', 'f59']);
  // What nobody has asked for since is no longer made ready.
  await proxy.apply(large(proxy.serverPort));
  await proxy.apply(large(proxy.serverPort));
  assert.deepEqual(ready(proxy), []);
});

test('what a retired generation uses late keeps no connection', async (context) => {
  const proxy = await startLarge(context);
  const client = await proxy.connect();
  client.send('GET /f3 HTTP/1.1\r\n');
  const old = proxy.host.keeper.current!;
  while (old.sessions === 0) await new Promise((resolve) => setImmediate(resolve));
  await proxy.apply(large(proxy.serverPort));
  client.send('host: a\r\n\r\n');
  await client.until('ok');
  const built = [old, proxy.host.keeper.current!].flatMap(({ backends }) =>
    backends.filter((one) => one !== undefined),
  );
  const used = built.find(({ name }) => name === 'f3')!;
  const isOld = used.generation === old.plan.generation;
  const idle = used.servers.reduce((sum, { pool }) => sum + pool.idle, 0);
  assert.deepEqual([isOld, idle], [true, 0]);
});

test('a backend that nobody has used yet has the servers that it was given meanwhile', async (context) => {
  const proxy = await startLarge(context);
  const { host } = proxy;
  const plan = host.plan!;
  const index = plan.config.proxies.findIndex(({ name }) => name === 'f3');
  const before = plan.proxies[index];
  // All but the last one are removed.
  const changed = { ...before, serverSlots: before.serverSlots.slice(-1), revision: 1 };
  const next = { ...plan, proxies: plan.proxies.with(index, changed) };
  prepareServers(host.owner, plan, next, index);
  await host.keeper.answer({
    type: 'servers',
    generation: plan.generation,
    proxy: index,
    servers: [undefined],
    plan: changed,
    segment: host.owner.handle(),
  });
  const client = await proxy.connect();
  await get(client, '/f3');
  const backend = host.keeper.current!.backends[index]!;
  assert.deepEqual(
    backend.servers.map(({ name, slot }) => [name, slot]),
    [[`s${SERVERS - 1}`, before.serverSlots[SERVERS - 1]]],
  );
  await get(client, '/f3');
  assert.equal(proxy.servers.length, 1);
});

test('states that changed before a backend was used count when it is', async (context) => {
  const proxy = await startLarge(context);
  const { host } = proxy;
  const index = host.plan!.config.proxies.findIndex(({ name }) => name === 'f3');
  const { backendSlot, serverSlots } = host.plan!.proxies[index];
  for (const slot of serverSlots.slice(1)) new ServerState(host.owner.segment, slot).set('userWeight', 0);
  for (const slot of serverSlots.slice(1)) new ServerState(host.owner.segment, slot).set('effectiveWeight', 0);
  new BackendVersion(host.owner.segment, backendSlot).publish();
  new Mailbox(host.owner.segment).postAll(Wake.state);
  const client = await proxy.connect();
  await get(client, '/f3');
  assert.deepEqual(
    host.keeper.current!.backends[index]!.candidates.map(({ name }) => name),
    ['s0'],
  );
});

test('a stream that waits in an old generation is served by a server that came with the new one', async (context) => {
  const release: (() => void)[] = [];
  const script: ServerScript = async (peer, index) => {
    if (index === 0) await new Promise<void>((resolve) => release.push(resolve));
    await answering(peer, index);
  };
  const proxy = await startProxy(context, {}, script);
  const { serverPort, host } = proxy;
  const withServers = (...names: readonly string[]): ProxyOptions => ({
    frontend: ['use_backend queue if { path /q }'],
    sections: [
      ...large(serverPort).sections!,
      'backend queue',
      ...names.map((name) => `  server ${name} 127.0.0.1:${serverPort} maxconn 1`),
    ],
  });
  await proxy.apply(withServers('a'));
  // Used when the new generation is prepared already.
  const publish = proxy.prepare(withServers('a', 'b'));
  const holds = (await proxy.connect()).send('GET /q HTTP/1.1\r\nhost: a\r\n\r\n');
  while (proxy.servers.length < 1) await new Promise((resolve) => setImmediate(resolve));
  const waits = (await proxy.connect()).send('GET /q HTTP/1.1\r\nhost: a\r\n\r\n');
  const old = host.keeper.current!.backendByName('queue')!;
  while (old.queued() === 0) await new Promise((resolve) => setImmediate(resolve));
  await publish();
  await waits.until('ok');
  assert.equal(holds.received, '');
  release[0]();
  await holds.until('ok');
});
