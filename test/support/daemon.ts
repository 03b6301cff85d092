/**
 * A daemon under test: evenkeel (or the program named by HAPROXY_PROGRAM) on a configuration in a folder of its own, with
 * what a test wants to know of its process. Always hold it by `await using`, or stop it in `finally` or `after`.
 */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { converse } from './conversation.ts';

export const EVENKEEL = join(import.meta.dirname, '../../scripts/evenkeel');
const START_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 8000;
/** A process in the background may hold the pipes of the one that started it: their end is not waited for any longer. */
const LAST_WORDS_LIMIT_MS = 1000;

export interface DaemonOptions {
  /** Program to run instead of evenkeel. */
  readonly program?: string;
  /** What starts the program, which is appended with its arguments: `['bash', '-c', 'ulimit -n 256; exec "$@"', 'bash']`. */
  readonly launcher?: readonly string[];
  /** Arguments before the file; `-db` where nothing else is said. */
  readonly flags?: readonly string[];
  readonly arguments?: readonly string[];
  /** TCP port that accepts once the daemon serves. */
  readonly port: number;
  readonly environment?: NodeJS.ProcessEnv;
  /** Files that stand in the folder before the start, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Nobody reads what it prints, so that its pipe fills; `output` stays empty. */
  readonly deaf?: boolean;
}

// What programs keep that a test starts by itself goes with the test.
if (process.env['STATE_DIRECTORY'] === undefined) {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-states-'));
  process.env['STATE_DIRECTORY'] = path;
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
}

/** A line of `show stat` by column name. */
export type StatRow = Readonly<Record<string, string>>;

export class Daemon {
  readonly folder: string;
  readonly configurationFile: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | NodeJS.Signals>;
  #output = '';
  /** How much of what was printed is kept no longer. */
  #forgotten = 0;
  #ended = false;

  private constructor(folder: string, file: string, child: ChildProcess, deaf: boolean) {
    this.folder = folder;
    this.configurationFile = file;
    this.#child = child;
    const keep = (chunk: Buffer): void => {
      const all = this.#output + chunk.toString('latin1');
      this.#output = all.slice(-200_000);
      this.#forgotten += all.length - this.#output.length;
    };
    if (!deaf) {
      child.stdout?.on('data', keep);
      child.stderr?.on('data', keep);
    }
    this.#exit = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#ended = true;
        const tell = (): void => resolve(code ?? signal ?? 'SIGKILL');
        const timer = setTimeout(tell, LAST_WORDS_LIMIT_MS);
        // The last that it printed may be read after its end was heard of.
        child.once('close', () => {
          clearTimeout(timer);
          tell();
        });
      });
    });
  }

  /** Writes the configuration (`FOLDER` in it becomes the daemon's folder), starts the program and waits until it accepts. */
  static async start(configuration: string, options: DaemonOptions): Promise<Daemon> {
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-test-'));
    const file = join(folder, 'test.cfg');
    writeFileSync(file, configuration.replaceAll('FOLDER', folder));
    for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(folder, name), text);
    const program = options.program ?? process.env['HAPROXY_PROGRAM'] ?? EVENKEEL;
    const command = [
      ...(options.launcher ?? []),
      program,
      ...(options.flags ?? ['-db']),
      '-f',
      file,
      ...(options.arguments ?? []),
    ];
    const child = spawn(command[0], command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, STATE_DIRECTORY: folder, ...options.environment },
    });
    const daemon = new Daemon(folder, file, child, options.deaf === true);
    const limit = performance.now() + START_LIMIT_MS;
    // The runtime socket takes its path once everything else is there, a moment after the first connection is accepted.
    const socket = configuration.includes('FOLDER/admin.sock') ? join(folder, 'admin.sock') : undefined;
    const isReady = async (): Promise<boolean> =>
      (await accepts(options.port)) && (socket === undefined || existsSync(socket));
    while (!(await isReady())) {
      if (daemon.#ended || performance.now() > limit) {
        await daemon.stop();
        throw new Error(`the daemon does not accept on port ${options.port}:\n${daemon.output}`);
      }
      await pause(10);
    }
    return daemon;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything printed so far (the last 200 kB). */
  get output(): string {
    return this.#output;
  }

  /** How much has been printed so far, for `outputSince`. */
  get printed(): number {
    return this.#forgotten + this.#output.length;
  }

  /** What was printed since then, as far as it is kept. */
  outputSince(printed: number): string {
    return this.#output.slice(Math.max(0, printed - this.#forgotten));
  }

  get running(): boolean {
    return !this.#ended;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves with the exit status once the process has ended and its output is read, or with the signal that it died of. */
  async exited(): Promise<number | NodeJS.Signals> {
    return await this.#exit;
  }

  descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  residentBytes(): number {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.pid}/status`, 'latin1'));
    return Number(line?.[1] ?? 0) * 1024;
  }

  /** Names of the process's threads, as the kernel knows them. */
  threadNames(): string[] {
    const tasks = `/proc/${this.pid}/task`;
    return readdirSync(tasks).flatMap((task) => {
      try {
        return [readFileSync(join(tasks, task, 'comm'), 'latin1').trim()];
      } catch {
        // It ended since the folder was read.
        return [];
      }
    });
  }

  /** Writes the file anew, asks for a reload as `-W` has it, and resolves with what was printed about it. */
  async reload(configuration: string): Promise<string> {
    writeFileSync(this.configurationFile, configuration.replaceAll('FOLDER', this.folder));
    // The start says "Loading success." too, perhaps only after the first connection was accepted.
    const before = this.printed;
    this.signal('SIGUSR2');
    const said = (): string => this.outputSince(before);
    await until(
      'the reload is over',
      () => !this.running || /Loading success \(generation|was not applied/.test(said()),
    );
    return said();
  }

  /** `show stat`, one row for each line. */
  async statistics(): Promise<StatRow[]> {
    const [head, ...lines] = (await this.ask('show stat')).trim().split('\n');
    const columns = head.slice(2).split(',');
    return lines.map((line) => {
      const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain,
      );
      return Object.fromEntries(columns.map((column, index) => [column, fields[index] ?? '']));
    });
  }

  /** The column of one line of `show stat`; '' where the line does not exist. */
  async statistic(proxy: string, service: string, column: string): Promise<string> {
    const rows = await this.statistics();
    return rows.find((row) => row['pxname'] === proxy && row['svname'] === service)?.[column] ?? '';
  }

  /** Asks the runtime socket at `FOLDER/admin.sock`. */
  async ask(command: string): Promise<string> {
    return await converse({ path: join(this.folder, 'admin.sock') }, `${command}\n`);
  }

  async stop(): Promise<void> {
    if (!this.#ended) {
      this.#child.kill('SIGTERM');
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
      await this.#exit;
      clearTimeout(timer);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export async function accepts(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Ports from here up to those that the kernel gives away, so that no connection has one of them as its own end. */
const FIRST_PORT = 10_000;
const given = new Set<number>();

/** Ports that were free on every address a moment ago, other ones at each call. */
export async function freePorts(count: number): Promise<number[]> {
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1');
  const end = Math.max(Number(/^\d+/.exec(range)?.[0]), FIRST_PORT + 1000);
  const ports: number[] = [];
  while (ports.length < count) {
    const port = randomInt(FIRST_PORT, end);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

/** Waits until `condition` holds; throws with `what` after `limitMs`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 15_000,
): Promise<void> {
  const limit = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await pause(20);
  }
}
