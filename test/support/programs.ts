/** Programs of the machine that tests run beside the daemon: whether they are there, one run of them, or one that stays. */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Debian's names of packages, where they differ from the program's. */
const PACKAGES: Readonly<Record<string, string>> = {
  nginx: 'nginx-light',
  dnsmasq: 'dnsmasq-base',
  mariadbd: 'mariadb-server',
  mariadb: 'mariadb-client',
  'mariadb-install-db': 'mariadb-server',
  setpriv: 'util-linux',
  ss: 'iproute2',
  ping: 'iputils-ping',
  aiosmtpd: 'python3-aiosmtpd',
};
const STOP_LIMIT_MS = 5000;
const RUN_LIMIT_MS = 40_000;

/** The path of a program, also where the caller's PATH leaves out what is meant for root. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** For the `skip` of a test: false where every program is there, else what is missing and how to get it. */
export function missing(...names: readonly string[]): string | false {
  const absent = names.filter((name) => findProgram(name) === undefined);
  if (absent.length === 0) return false;
  return `missing: ${absent.join(', ')}; on Debian: apt-get install ${[...new Set(absent.map((name) => PACKAGES[name] ?? name))].join(' ')}`;
}

/** A folder of its own, which is gone with everything in it when the holder's scope ends. */
export class TemporaryFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'evenkeel-test-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface Outcome {
  /** Exit status, or -1 where a signal ended it. */
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program to its end, which is made where it takes longer than `limitMs`. */
export async function run(
  name: string,
  args: readonly string[],
  input: Buffer | string = '',
  limitMs = RUN_LIMIT_MS,
): Promise<Outcome> {
  const child = spawn(findProgram(name) ?? name, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('latin1')));
  // A program may end before it has read everything.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      clearTimeout(timer);
      resolve({ status: status ?? -1, stdout: Buffer.concat(stdout), stderr });
    });
  });
}

/** A program that stays until it is stopped. */
export class Program {
  readonly #child: ChildProcess;
  readonly #exit: Promise<void>;
  #output = '';
  #ended = false;

  constructor(name: string, args: readonly string[]) {
    this.#child = spawn(findProgram(name) ?? name, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString('latin1')).slice(-20_000);
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    this.#exit = new Promise((resolve) => {
      const end = (): void => {
        this.#ended = true;
        resolve();
      };
      this.#child.once('exit', end);
      this.#child.once('error', (error) => {
        this.#output += error.message;
        end();
      });
    });
  }

  /** The last 20 kB of what it printed. */
  get output(): string {
    return this.#output;
  }

  get running(): boolean {
    return !this.#ended;
  }

  /** SIGSTOP: it stays and does nothing. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** SIGKILL: resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
    await this.#exit;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
