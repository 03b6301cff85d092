/**
 * The processes of a benchmark: the proxies that are compared, the nginx behind them and wrk in front, each pinned to its
 * core. Everything runs on loopback, in a folder of its own, and is stopped again whatever happens.
 */

import { spawn, execFile } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';

const run = promisify(execFile);

/** Core of the proxy under test, and core of the load generator and the backend. */
export const PROXY_CORE = 0;
export const LOAD_CORE = 1;

/**
 * Load before a measurement, the same for every program. A proxy runs for weeks, so its steady state is what counts: with a
 * connection for each request the runtime has compiled its hot code after about 25,000 connections, four seconds here.
 */
export const WARM_UP_SECONDS = 6;

/** Ticks per second of /proc/PID/stat; fixed at 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export type PeerName = 'haproxy' | 'nginx' | 'evenkeel';

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A started program that is stopped with `stop`. */
export class Running {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  /** ms from the spawn to the first accepted connection. */
  readonly startMs: number;

  private constructor(child: ChildProcess, exited: Promise<unknown>, startMs: number) {
    this.#child = child;
    this.#exited = exited;
    this.startMs = startMs;
  }

  /**
   * Starts a program on the given cores and waits until `port` accepts. Throws with its output if it ends before. `output` is
   * a descriptor that becomes its standard output.
   */
  static async start(
    cores: string,
    command: string,
    args: readonly string[],
    port: number,
    output?: number,
  ): Promise<Running> {
    const begin = performance.now();
    const child = spawn('taskset', ['-c', cores, command, ...args], { stdio: ['ignore', output ?? 'pipe', 'pipe'] });
    let said = '';
    const keep = (chunk: Buffer): void => {
      said = (said + chunk.toString('latin1')).slice(-4000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    let ended = false;
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => {
        ended = true;
        resolve();
      });
    });
    while (!(await accepts(port))) {
      if (ended) throw new Error(`${command} ended before it accepted connections:\n${said}`);
      if (performance.now() - begin > 20_000) {
        child.kill('SIGKILL');
        throw new Error(`${command} does not accept connections on port ${port}:\n${said}`);
      }
      await pause(2);
    }
    return new Running(child, exited, performance.now() - begin);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** CPU seconds of all threads of the process so far. taskset execs, so the pid is the program's. */
  cpuSeconds(): number {
    return Running.cpuSecondsOf(this.pid);
  }

  /** CPU seconds so far of its thread of that name; 0 where there is none. */
  cpuSecondsOfThread(name: string): number {
    const tasks = `/proc/${this.pid}/task`;
    const tid = readdirSync(tasks).find((id) => readFileSync(`${tasks}/${id}/comm`, 'latin1').trim() === name);
    return tid === undefined ? 0 : Running.cpuSecondsOf(`${this.pid}/task/${tid}`);
  }

  /** User and system time of one process, all its threads, in seconds; or of one thread: `PID/task/TID`. */
  static cpuSecondsOf(pid: number | string): number {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** Resident bytes. */
  residentBytes(): number {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.pid}/status`, 'latin1'));
    return Number(line?.[1] ?? 0) * 1024;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3000);
    await this.#exited;
    clearTimeout(timer);
  }
}

async function accepts(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** nginx with one worker that serves /small (55 bytes) and /large (10 MiB). */
export async function startBackend(folder: string): Promise<{ readonly process: Running; readonly port: number }> {
  const root = join(folder, 'www');
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'small'), 'x'.repeat(54) + '\n');
  writeFileSync(join(root, 'large'), Buffer.alloc(10 << 20, 'x'));
  const port = await freePort();
  const file = writeNginx(folder, 'backend', `server { listen 127.0.0.1:${port} backlog=4096; root ${root}; }`);
  return { process: await Running.start(String(LOAD_CORE), 'nginx', ['-c', file, '-p', folder], port), port };
}

/** nginx as a proxy, for comparison: HTTP only. */
export function writeNginxProxy(folder: string, listenPort: number, backendPort: number): string {
  return writeNginx(
    folder,
    'proxy',
    `upstream b { server 127.0.0.1:${backendPort}; keepalive 128; keepalive_requests 1000000000; }
     server { listen 127.0.0.1:${listenPort} backlog=4096;
       location / { proxy_pass http://b; proxy_http_version 1.1; proxy_set_header Connection ""; } }`,
  );
}

function writeNginx(folder: string, name: string, body: string): string {
  const file = join(folder, `${name}.conf`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${join(folder, `${name}-${kind}`)};`)
    .join('\n');
  writeFileSync(
    file,
    `user root; daemon off; worker_processes 1; pid ${join(folder, `${name}.pid`)}; error_log ${join(folder, `${name}.err`)} crit;
     events { worker_connections 15000; }
     http { access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; sendfile on; ${temporary}
     ${body} }`,
  );
  return file;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 2xx and 3xx, and socket errors of any kind. */
  readonly errors: number;
}

/** One run of wrk with one thread. */
export async function load(
  port: number,
  path: string,
  connections: number,
  headers: readonly string[],
  seconds: number,
): Promise<LoadResult> {
  const args = ['-c', String(LOAD_CORE), 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency'];
  for (const header of headers) args.push('-H', header);
  args.push(`http://127.0.0.1:${port}${path}`);
  const { stdout } = await run('taskset', args);
  const total = /(\d+) requests in ([\d.]+)(m?s|m)/.exec(stdout);
  if (total === null) throw new Error(`wrk said:\n${stdout}`);
  const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout);
  const statusErrors = /Non-2xx or 3xx responses: (\d+)/.exec(stdout);
  return {
    requests: Number(total[1]),
    seconds: milliseconds(total[2] + total[3]) / 1000,
    p50Ms: percentile(stdout, '50'),
    p99Ms: percentile(stdout, '99'),
    errors: (socketErrors?.slice(1).reduce((sum, text) => sum + Number(text), 0) ?? 0) + Number(statusErrors?.[1] ?? 0),
  };
}

function percentile(text: string, which: string): number {
  const found = new RegExp(`^\\s+${which}%\\s+(\\S+)`, 'm').exec(text);
  return found === null ? Number.NaN : milliseconds(found[1]);
}

function milliseconds(text: string): number {
  const parts = /^([\d.]+)(us|ms|s|m)$/.exec(text);
  if (parts === null) return Number.NaN;
  const scale = { us: 0.001, ms: 1, s: 1000, m: 60_000 }[parts[2]] ?? Number.NaN;
  return Number(parts[1]) * scale;
}
