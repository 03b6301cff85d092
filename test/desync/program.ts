// The program under test: starts it on a small generated haproxy.cfg with free loopback ports in front of one recording
// backend, and ends it. HAPROXY_PROGRAM names it (default `haproxy`); it must accept `-f FILE -db`.
import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Which of the two frontends a case goes to. */
export type FrontendName = 'strict' | 'lax';

export interface Program {
  readonly name: string;
  readonly ports: Readonly<Record<FrontendName, number>>;
  /** Everything it wrote, for failure messages. */
  log(): string;
  stop(): Promise<void>;
}

/** How long start-up may take. Far above what any program needs; only a broken one gets there. */
const startLimitMs = 20_000;

function configuration(ports: Record<FrontendName, number>, backendPort: number): string {
  const side = (name: FrontendName, options: string[]): string =>
    [
      `listen ${name}`,
      `  bind 127.0.0.1:${ports[name]}`,
      ...options.map((o) => `  ${o}`),
      `  server recorder 127.0.0.1:${backendPort}`,
      '',
    ].join('\n');
  return [
    'global',
    '  maxconn 200',
    '  tune.bufsize 16384',
    '  tune.maxrewrite 1024',
    '  tune.http.maxhdr 101',
    'defaults',
    '  mode http',
    '  http-reuse never',
    '  retries 0',
    '  timeout connect 10s',
    '  timeout client 10s',
    '  timeout server 10s',
    '  timeout http-request 10s',
    side('strict', []),
    side('lax', ['option accept-invalid-http-request', 'option accept-invalid-http-response']),
  ].join('\n');
}

/** Ports that were free a moment ago; all are held until all are chosen, so they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map((s) => new Promise<void>((resolve, reject) => s.once('error', reject).listen(0, '127.0.0.1', resolve))),
  );
  const ports = servers.map((s) => (s.address() as AddressInfo).port);
  await Promise.all(servers.map((s) => new Promise<void>((resolve) => s.close(() => resolve()))));
  return ports;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * Starts the program and returns once both frontends accept. Another process may take a port between its choice and the start, so a
 * failed start is tried again.
 */
export async function startProgram(backendPort: number): Promise<Program> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(backendPort);
    } catch (error) {
      if (attempt === startAttempts) throw error;
    }
  }
}

const startAttempts = 3;

async function startOnce(backendPort: number): Promise<Program> {
  const name = process.env['HAPROXY_PROGRAM'] ?? 'haproxy';
  const folder = await mkdtemp(join(tmpdir(), 'desync-'));
  const [strict, lax] = await freePorts(2);
  const ports = { strict: strict, lax: lax };
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, configuration(ports, backendPort));
  const child: ChildProcess = spawn(name, ['-f', file, '-db'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  let ended: string | undefined;
  child.stdout!.on('data', (chunk) => {
    log += chunk;
  });
  child.stderr!.on('data', (chunk) => {
    log += chunk;
  });
  const exit = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      ended = error.message;
      resolve();
    });
    child.once('exit', (code, signal) => {
      ended = `exit ${code ?? signal}`;
      resolve();
    });
  });
  // A run that is ended from outside must not leave the program behind.
  const endChild = (): void => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  const endRun = (): void => {
    endChild();
    process.exit(1);
  };
  process.once('exit', endChild);
  process.once('SIGTERM', endRun);
  process.once('SIGINT', endRun);
  const stop = async (): Promise<void> => {
    process.off('exit', endChild);
    process.off('SIGTERM', endRun);
    process.off('SIGINT', endRun);
    if (ended === undefined) child.kill('SIGKILL');
    await exit;
    await rm(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + startLimitMs;
  while (!((await accepts(ports.strict)) && (await accepts(ports.lax)))) {
    if (ended !== undefined || Date.now() > deadline) {
      await stop();
      throw new Error(`${name} did not start (${ended ?? 'no port opened'}):\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { name, ports, log: () => log, stop };
}
