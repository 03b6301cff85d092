/**
 * More clients than places, and fewer descriptors than clients: who has no place waits in the kernel's queue and is served,
 * by HAProxy and by us; nobody is reset.
 */

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { RawServer, ask, keepAliveAgent } from '../support/http.ts';
import { findProgram, missing } from '../support/programs.ts';

/** The real program first: what it does not do, we need not do. */
const PROGRAMS = [
  { name: 'HAProxy', program: findProgram('haproxy'), skip: missing('haproxy', 'setpriv', 'bash') },
  { name: 'evenkeel', program: undefined, skip: missing('setpriv', 'bash') },
];

/** Gives up the right to raise hard limits, which root has; then starts the program with so many descriptors. */
function withDescriptors(count: number): string[] {
  const limited = ['bash', '-c', `ulimit -n ${count}; exec "$@"`, 'bash'];
  return process.getuid?.() === 0
    ? ['setpriv', '--bounding-set=-sys_resource', '--inh-caps=-sys_resource', ...limited]
    : limited;
}

/** Answers every request with its port, after a while. */
async function answeringServer(delayMs = 0): Promise<RawServer> {
  const server: RawServer = await RawServer.start((socket) => {
    const answer = (): boolean => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok`);
    socket.on('data', () => (delayMs === 0 ? answer() : setTimeout(answer, delayMs)));
  });
  return server;
}

/** So many requests at once, each on a connection of its own; how often each status came, 0 for no answer. */
async function statuses(port: number, clients: number, limitMs = 20_000): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const status = await ask(port, { headers: { connection: 'close' }, limitMs }).then(
        (answer) => answer.status,
        () => 0,
      );
      counts[status] = (counts[status] ?? 0) + 1;
    }),
  );
  return counts;
}

interface Drill {
  readonly name: string;
  readonly clients: number;
  readonly delayMs: number;
  readonly proxy?: string;
  readonly bind?: string;
  readonly descriptors?: number;
}

const DRILLS: readonly Drill[] = [
  { name: '400 clients, 256 descriptors', clients: 400, delayMs: 10, descriptors: 256 },
  { name: '50 clients, maxconn 1 of the frontend', clients: 50, delayMs: 2, proxy: 'maxconn 1' },
  { name: '50 clients, maxconn 1 of the bind line', clients: 50, delayMs: 2, bind: 'maxconn 1' },
  { name: '70 clients, rate-limit sessions 30', clients: 70, delayMs: 0, proxy: 'rate-limit sessions 30' },
];

for (const { name: programName, program, skip } of PROGRAMS) {
  for (const threads of [1, 2]) {
    for (const { name, clients, delayMs, proxy = '', bind = '', descriptors } of DRILLS) {
      test(`${programName}, nbthread ${threads}: ${name}: all are served`, { skip, timeout: 60_000 }, async () => {
        await using server = await answeringServer(delayMs);
        const [port] = await freePorts(1);
        await using daemon = await Daemon.start(
          `global
    nbthread ${threads}
defaults
    mode http
    timeout connect 20s
    timeout client 20s
    timeout server 20s
listen limited
    ${proxy}
    backlog 1024
    bind 127.0.0.1:${port} ${bind}
    server s1 127.0.0.1:${server.port}
`,
          {
            port,
            ...(program === undefined ? undefined : { program }),
            ...(descriptors === undefined ? undefined : { launcher: withDescriptors(descriptors) }),
          },
        );
        // Twice: what the first crowd left behind must not be in the way of the second.
        assert.deepEqual(await statuses(port, clients), { 200: clients });
        assert.deepEqual(await statuses(port, clients), { 200: clients });
        assert.doesNotMatch(daemon.output, /ALERT|EMFILE|\bat .*\.ts:\d+/);
      });
    }
  }
}

test(
  'a maxconn that does not fit the descriptors is lowered, and nobody is turned away',
  { skip: missing('setpriv', 'bash'), timeout: 60_000 },
  async () => {
    await using server = await answeringServer(10);
    const [port] = await freePorts(1);
    await using daemon = await Daemon.start(
      `global
    nbthread 2
    maxconn 2000
    no strict-limits
defaults
    mode http
    timeout connect 20s
    timeout client 20s
    timeout server 20s
listen limited
    bind 127.0.0.1:${port}
    server s1 127.0.0.1:${server.port}
`,
      { port, launcher: withDescriptors(256) },
    );
    assert.match(daemon.output, /lowered to \d+/);
    assert.deepEqual(await statuses(port, 400), { 200: 400 });
    assert.ok(daemon.running && daemon.descriptors() < 256);
  },
);

// ------------------------------------------------------------------------------------------- idle server connections

const BACKENDS = 40;

for (const { name: programName, program, skip } of PROGRAMS) {
  test(
    `${programName}: idle connections to ${BACKENDS} backends leave descriptors for clients and servers`,
    { skip, timeout: 60_000 },
    async () => {
      const servers = await Promise.all(Array.from({ length: BACKENDS }, async () => await answeringServer(2)));
      try {
        const [port] = await freePorts(1);
        const backends = servers.map(
          (server, index) => `backend b${index}
    http-reuse always
    server s1 127.0.0.1:${server.port} pool-purge-delay 60s`,
        );
        await using daemon = await Daemon.start(
          `global
    nbthread 2
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend web
    bind 127.0.0.1:${port}
${servers.map((_, index) => `    use_backend b${index} if { path /${index} }`).join('\n')}
${backends.join('\n')}
`,
          { port, ...(program === undefined ? undefined : { program }), launcher: withDescriptors(256) },
        );
        let started = 0;
        let highest = 0;
        const worker = async (): Promise<void> => {
          const agent = keepAliveAgent(1);
          while (started < 2000) {
            const path = `/${started++ % BACKENDS}`;
            assert.equal((await ask(port, { path, agent })).status, 200);
            highest = Math.max(highest, daemon.descriptors());
          }
          agent.destroy();
        };
        await Promise.all(Array.from({ length: 30 }, worker));
        assert.ok(highest < 256, `${highest} descriptors`);
        assert.doesNotMatch(daemon.output, /ALERT|EMFILE/);
        assert.deepEqual(await statuses(port, 1), { 503: 1 });
      } finally {
        await Promise.all(servers.map(async (server) => await server.stop()));
      }
    },
  );
}

// --------------------------------------------------------------------------------------------- no descriptor at all

test(
  'without a descriptor for a server connection the answer is 503, and the daemon recovers',
  { skip: missing('prlimit'), timeout: 60_000 },
  async () => {
    await using server = await answeringServer();
    const [port] = await freePorts(1);
    await using daemon = await Daemon.start(
      `global
    nbthread 1
    stats socket FOLDER/admin.sock level admin
    log stdout format raw daemon
defaults
    mode http
    retries 0
    log global
    option httplog
    timeout connect 5s
    timeout client 20s
    timeout server 20s
listen limited
    bind 127.0.0.1:${port}
    http-reuse never
    server s1 127.0.0.1:${server.port}
`,
      { port },
    );
    assert.deepEqual(await statuses(port, 1), { 200: 1 });
    await until('nothing is left open', () => server.connections === 0);
    await until('the log thread has opened its files', () => / 200 \d+ /.test(daemon.output));
    const limit = (count: number): void => {
      execFileSync('prlimit', ['--pid', String(daemon.pid), `--nofile=${count}:`]);
    };
    const before = Number(/^Ulimit-n: (\d+)$/m.exec(await daemon.ask('show info'))?.[1]);
    // One number is free below the limit: the client's descriptor takes it. A file that the daemon opens may be quicker.
    await until('a request finds no descriptor', async () => {
      limit(freeDescriptors(daemon.pid)[1]);
      return (await statuses(port, 1))[503] === 1;
    });
    await until('the log tells of it', () => / 503 \d+ /.test(daemon.output));
    assert.match(daemon.output, / 503 \d+ - - RC--/);
    // No descriptor for a client either: they are closed, which is libuv's doing, or wait.
    limit(freeDescriptors(daemon.pid)[0]);
    await statuses(port, 5, 300);
    assert.ok(daemon.running);
    limit(before);
    assert.deepEqual(await statuses(port, 20), { 200: 20 });
    assert.doesNotMatch(daemon.output, /\bat .*\.ts:\d+/);
  },
);

/** The two lowest numbers that a process could give to a new descriptor. */
function freeDescriptors(pid: number): [number, number] {
  const taken = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  const free: number[] = [];
  for (let number = 0; free.length < 2; number++) if (!taken.has(number)) free.push(number);
  return [free[0], free[1]];
}
