/** A real mariadbd in a folder of its own, and the client that talks to it. */

import { join } from 'node:path';
import { accepts, until } from './daemon.ts';
import { Program, run } from './programs.ts';
import type { Outcome } from './programs.ts';

/** A first start writes its log files; on a busy machine that takes its time. */
const START_LIMIT_MS = 30_000;
const SMALL = [
  '--innodb-buffer-pool-size=8M',
  '--innodb-log-file-size=4M',
  '--skip-log-bin',
  '--performance-schema=OFF',
];
/** The server refuses to run as root unless it is told to. */
const AS_USER = process.getuid?.() === 0 ? ['--user=root'] : [];

export class MariaDb {
  readonly port: number;
  readonly #folder: string;
  readonly #id: number;
  #program: Program | undefined;

  private constructor(folder: string, port: number, id: number) {
    this.#folder = folder;
    this.port = port;
    this.#id = id;
  }

  /** Makes the data folder and starts the server; `id` is what it answers as `@@server_id`. */
  static async start(folder: string, port: number, id: number): Promise<MariaDb> {
    const made = await run('mariadb-install-db', [
      '--no-defaults',
      `--datadir=${folder}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      ...AS_USER,
      ...SMALL,
    ]);
    if (made.status !== 0) throw new Error(`mariadb-install-db: ${made.stdout.toString()}${made.stderr}`);
    const server = new MariaDb(folder, port, id);
    await server.start();
    return server;
  }

  /** Starts a server that was killed on the data that it left. */
  async start(): Promise<void> {
    const program = new Program('mariadbd', [
      '--no-defaults',
      `--datadir=${this.#folder}`,
      `--socket=${join(this.#folder, 'mariadb.sock')}`,
      `--pid-file=${join(this.#folder, 'mariadb.pid')}`,
      '--bind-address=127.0.0.1',
      `--port=${this.port}`,
      `--server-id=${this.#id}`,
      '--skip-name-resolve',
      ...AS_USER,
      ...SMALL,
    ]);
    this.#program = program;
    try {
      await until(
        'mariadbd accepts',
        async () => {
          if (!program.running) throw new Error(`mariadbd ended:\n${program.output}`);
          return await accepts(this.port);
        },
        START_LIMIT_MS,
      );
    } catch (error) {
      await program.stop();
      throw error;
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#program?.signal(name);
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#program?.kill();
  }

  async stop(): Promise<void> {
    await this.#program?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Runs SQL with the command-line client over TCP. */
export async function query(port: number, sql: string): Promise<Outcome> {
  return await run('mariadb', [
    '--no-defaults',
    '--protocol=tcp',
    '--host=127.0.0.1',
    `--port=${port}`,
    '--user=root',
    '--connect-timeout=10',
    '--batch',
    '--skip-column-names',
    `--execute=${sql}`,
  ]);
}
