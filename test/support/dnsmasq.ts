/** A name server of a test's own: dnsmasq on loopback, with records that change while it runs. */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { promises as dns } from 'node:dns';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, until } from './daemon.ts';
import { TemporaryFolder, findProgram } from './programs.ts';

export interface ServiceRecord {
  readonly target: string;
  readonly port: number;
  readonly weight: number;
}

export interface Records {
  /** Names under `.test` and their addresses, IPv4 and IPv6. */
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  readonly services?: Readonly<Record<string, readonly ServiceRecord[]>>;
}

/** A name that is there for as long as the server answers at all. */
const ALIVE = 'alive.example';

export class NameServer {
  readonly port: number;
  readonly #folder = new TemporaryFolder();
  #child: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(records: Records): Promise<NameServer> {
    const [port] = await freePorts(1);
    const server = new NameServer(port);
    await server.change(records);
    return server;
  }

  /** From now on it knows these records and no others: what is asked for meanwhile goes unanswered. */
  async change({ addresses = {}, services = {} }: Records): Promise<void> {
    await this.#end();
    const hosts = Object.entries(addresses).flatMap(([name, list]) => list.map((address) => `${address} ${name}\n`));
    const file = join(this.#folder.path, 'hosts');
    writeFileSync(file, hosts.join(''));
    const srv = Object.entries(services).flatMap(([name, list]) =>
      list.map(({ target, port, weight }) => `--srv-host=${name},${target},${port},0,${weight}`),
    );
    this.#child = spawn(
      findProgram('dnsmasq') ?? 'dnsmasq',
      [
        '--no-daemon',
        `--port=${this.port}`,
        '--listen-address=127.0.0.1',
        '--bind-interfaces',
        '--user=root',
        '--no-resolv',
        '--no-hosts',
        '--pid-file=',
        '--conf-file=/dev/null',
        `--addn-hosts=${file}`,
        `--host-record=${ALIVE},127.0.0.1`,
        '--local=/test/',
        ...srv,
      ],
      { stdio: 'ignore' },
    );
    const resolver = new dns.Resolver({ timeout: 100, tries: 1 });
    resolver.setServers([`127.0.0.1:${this.port}`]);
    await until('the name server answers', async () =>
      resolver.resolve4(ALIVE).then(
        () => true,
        () => false,
      ),
    );
  }

  /** It takes questions and answers none. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    this.#folder[Symbol.dispose]();
  }
}
