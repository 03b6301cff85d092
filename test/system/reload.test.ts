/**
 * Reloads under load (`-W`, SIGUSR2): clients that keep their connection, clients with a connection for each request and open
 * WebSockets see nothing of servers, listeners and threads that come and go; a file that is wrong changes nothing.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { Agent } from 'node:http';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, accepts, freePorts, until } from '../support/daemon.ts';
import { RawServer, ask, keepAliveAgent } from '../support/http.ts';
import { WebSocketClient, WebSocketServer } from '../support/websocket.ts';

const CLIENTS = 5;
/** Opened before a reload each; those of the second half live on a thread that later goes and comes again. */
const TUNNELS = 8;
/** Requests of each client between two reloads: enough that every phase of a request meets one. */
const ROUNDS = 15;

interface Shape {
  readonly threads: number;
  /** Servers in use, by number. */
  readonly servers: readonly number[];
  /** Ports beside the one that is always there. */
  readonly ports: readonly number[];
  /** Lines of the listen section that go on top. */
  readonly extra?: string;
}

/** Clients that go on and on; each counts what it was answered and keeps what went wrong. */
class Load {
  readonly failures: string[] = [];
  readonly #counts: number[] = [];
  readonly #clients: Promise<void>[] = [];
  #isOver = false;

  /** Begins a client that repeats `request`, which rejects where anything is wrong. */
  add(name: string, request: () => Promise<void>): void {
    const index = this.#counts.push(0) - 1;
    const go = async (): Promise<void> => {
      while (!this.#isOver) {
        try {
          await request();
          this.#counts[index]++;
        } catch (error) {
          this.failures.push(`${name}, request ${this.#counts[index]}: ${(error as Error).message}`);
          if (this.failures.length > 20) return;
        }
      }
    };
    this.#clients.push(go());
  }

  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Resolves when every client has done so many more. */
  async goesOn(rounds: number): Promise<void> {
    const goals = this.#counts.map((count) => count + rounds);
    await until(
      'every client has gone on',
      () => this.failures.length > 0 || this.#counts.every((count, index) => count >= goals[index]),
    );
    assert.deepEqual(this.failures, []);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** A server that answers with its number, some of it a little later. */
async function startServer(number: number): Promise<RawServer> {
  let turn = 0;
  return await RawServer.start((socket) => {
    socket.on('data', () => {
      const answer = (): void => void socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nserver ${number}`);
      if (++turn % 3 === 0) setTimeout(answer, 3);
      else answer();
    });
  });
}

test('ten reloads under load: no request fails, tunnels stay, one process', async (context) => {
  await using resources = new AsyncDisposableStack();
  const servers: RawServer[] = [];
  for (const number of [1, 2, 3]) servers.push(resources.use(await startServer(number)));
  const echo = resources.use(await WebSocketServer.start());
  const [port, second, third, taken] = await freePorts(4);
  resources.use(await RawServer.start((socket) => socket.destroy(), { port: taken }));

  const configuration = ({ threads, servers: used, ports, extra = '' }: Shape): string => `global
    nbthread ${threads}
    stats socket FOLDER/admin.sock level admin
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
    timeout tunnel 60s
listen web
    ${extra}
    bind 127.0.0.1:${port}
    bind unix@FOLDER/web.sock
${ports.map((each) => `    bind 127.0.0.1:${each}\n`).join('')}    balance roundrobin
    use_backend echo if { path_beg /echo }
${used.map((number) => `    server s${number} 127.0.0.1:${servers[number - 1].port}\n`).join('')}backend echo
    server e1 127.0.0.1:${echo.port}
`;

  const daemon = resources.use(
    await Daemon.start(configuration({ threads: 1, servers: [1, 2], ports: [] }), { port, flags: ['-W'] }),
  );
  const { pid } = daemon;
  const load = resources.use(new Load());
  const served = (status: number, body: string): void => {
    assert.equal(status, 200);
    assert.match(body, /^server [123]$/);
  };
  const agents: Agent[] = [];
  for (let client = 0; client < CLIENTS; client++) {
    const agent = keepAliveAgent(1);
    agents.push(agent);
    load.add(`kept connection ${client}`, async () => {
      const { status, body } = await ask(port, { agent });
      served(status, body.toString());
    });
    load.add(`new connection ${client}`, async () => {
      const { status, body } = await ask(port, { headers: { connection: 'close' } });
      served(status, body.toString());
    });
  }
  load.add('new connection, Unix', async () => {
    const { status, body } = await ask(0, {
      socketPath: join(daemon.folder, 'web.sock'),
      headers: { connection: 'close' },
    });
    served(status, body.toString());
  });
  const tunnels: WebSocketClient[] = [];
  const openTunnels = async (count: number): Promise<void> => {
    for (let opened = 0; opened < count; opened++) {
      const tunnel = await WebSocketClient.open(`ws://127.0.0.1:${port}/echo`);
      const number = tunnels.push(tunnel);
      let message = 0;
      load.add(`tunnel ${number}`, async () => {
        const text = `tunnel ${number}, message ${message++}`;
        assert.equal(await tunnel.echo(text), text);
      });
    }
  };
  await openTunnels(TUNNELS / 2);
  await load.goesOn(ROUNDS);

  let reloads = 0;
  const reload = async (shape: Shape): Promise<void> => {
    assert.match(await daemon.reload(configuration(shape)), /Loading success \(generation/);
    reloads++;
    await load.goesOn(ROUNDS);
    assert.equal(await accepts(port), true);
    for (const each of [second, third]) assert.equal(await accepts(each), shape.ports.includes(each), `port ${each}`);
    const rows = await daemon.statistics();
    assert.deepEqual(
      rows.filter((row) => row['pxname'] === 'web' && /^s\d$/.test(row['svname'])).map((row) => row['svname']),
      shape.servers.map((number) => `s${number}`),
    );
    const names = daemon.threadNames();
    for (let number = 1; number <= shape.threads; number++)
      assert.ok(names.includes(`data-${number}`), names.join(' '));
    assert.equal(/^Nbthread: (\d+)$/m.exec(await daemon.ask('show info'))?.[1], String(shape.threads));
  };
  /** A file that cannot be applied: it is said why, and what served goes on. */
  const refused = async (text: string, why: RegExp, serving: Shape): Promise<void> => {
    const said = await daemon.reload(text);
    assert.match(said, why);
    assert.match(said, /was not applied; the old one goes on serving/);
    await load.goesOn(ROUNDS);
    assert.equal(await accepts(port), true);
    for (const each of [second, third]) assert.equal(await accepts(each), serving.ports.includes(each), `port ${each}`);
    const rows = await daemon.statistics();
    assert.equal(
      rows.filter((row) => row['pxname'] === 'web' && /^s\d$/.test(row['svname'])).length,
      serving.servers.length,
    );
  };

  await reload({ threads: 1, servers: [1, 2, 3], ports: [] });
  await reload({ threads: 1, servers: [2, 3], ports: [second] });
  await reload({ threads: 2, servers: [2, 3], ports: [second] });
  await openTunnels(TUNNELS / 2);
  const serving: Shape = { threads: 2, servers: [1, 2, 3], ports: [second, third] };
  await reload(serving);

  await refused(`${configuration(serving)}    srever x 127.0.0.1:1\n`, /unknown keyword 'srever'/, serving);
  await refused(`${configuration(serving)}backend echo\n`, /'echo'/, serving);
  // As a file that is just being written anew.
  await refused('', /No enabled listener found/, serving);
  // One bind that is taken: neither the other new bind nor the missing server, nor the threads, take effect.
  const partly = configuration({ threads: 1, servers: [1], ports: [second, taken] });
  await refused(
    partly,
    new RegExp(`cannot bind socket \\(Address already in use\\) for \\[127\\.0\\.0\\.1:${taken}\\]`),
    serving,
  );

  await reload({ threads: 2, servers: [1, 2], ports: [third] });
  await reload({ threads: 1, servers: [1, 2], ports: [third] });
  await reload({ threads: 2, servers: [1, 2], ports: [] });
  await reload({ threads: 2, servers: [3], ports: [second], extra: 'http-request set-header x-new yes' });
  await reload({ threads: 1, servers: [1, 2, 3], ports: [] });
  await reload({ threads: 1, servers: [1, 2], ports: [] });
  assert.equal(reloads, 10);

  await load.stop();
  context.diagnostic(`${load.total} requests and messages during ${reloads} reloads`);
  assert.deepEqual(load.failures, []);
  assert.equal(echo.open, TUNNELS);
  assert.equal(daemon.pid, pid);
  assert.equal(daemon.running, true);
  assert.equal(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim(), '');
  assert.doesNotMatch(daemon.output, /\bat .*\.ts:\d+|died|silent/);

  assert.equal(await daemon.statistic('echo', 'BACKEND', 'scur'), String(TUNNELS));
  for (const tunnel of tunnels) tunnel.close(1000);
  for (const agent of agents) agent.destroy();
  await until('nobody is counted any more', async () => {
    const counts = (await daemon.statistics()).map((row) => row['scur']).filter((count) => count !== '');
    return counts.every((count) => count === '0') && /^CurrConns: 0$/m.test(await daemon.ask('show info'));
  });
  // A thread that was to go goes with its last tunnel.
  await until(
    'one data thread is left',
    () => daemon.threadNames().filter((name) => name.startsWith('data-')).length === 1,
  );
});

/** The lowest port that needs no privilege. */
function firstFreePort(): number {
  return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'latin1'));
}

test('a process that gave up being root still binds low ports on reload, also on new threads', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('only root has privileges to give up');
  if (firstFreePort() < 1024) return context.skip('every port may be bound without a privilege here');
  await using server = await startServer(1);
  const [port] = await freePorts(1);
  const low = await freeLowPort();
  if (low === undefined) return context.skip('no port below 1024 is free');
  const configuration = (threads: number, extra: string): string => `global
    nbthread ${threads}
    user nobody
    group nogroup
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
listen web
    bind 127.0.0.1:${port}
    ${extra}
    server s1 127.0.0.1:${server.port}
`;
  await using daemon = await Daemon.start(configuration(1, ''), { port, flags: ['-W'] });
  assert.match(readFileSync(`/proc/${daemon.pid}/status`, 'latin1'), /^Uid:\t65534\t65534\t65534\t65534$/m);
  // The file is read anew by the user that the process became, who may not enter the folder yet.
  const refused = await daemon.reload(configuration(2, `bind 127.0.0.1:${low}`));
  assert.match(
    refused,
    /Could not open configuration file .* : Permission denied for user 'nobody', which this process became/,
  );
  assert.match(refused, /was not applied/);
  chmodSync(daemon.folder, 0o755);
  assert.match(await daemon.reload(configuration(2, `bind 127.0.0.1:${low}`)), /Loading success \(generation/);
  for (let request = 0; request < 20; request++) {
    const { status } = await ask(low, { headers: { connection: 'close' } });
    assert.equal(status, 200);
  }
  return undefined;
});

async function freeLowPort(): Promise<number | undefined> {
  for (let port = 1023; port > 900; port--) {
    try {
      const probe = await RawServer.start((socket) => socket.destroy(), { port });
      await probe.stop();
      return port;
    } catch {
      // Taken: the next one.
    }
  }
  return undefined;
}
