/**
 * The listening side of the runtime API: `stats socket` lines and the master's `-S`. Binding and serving are two steps, so that
 * a privileged process binds before it gives its privileges up and answers only once there is something to tell.
 */

import { chmodSync, chownSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Address, Global, StatsSocket } from '@evenkeel/config';
import { closeFd, dup, isListening, lookupGroup, lookupUser, openListener } from '@evenkeel/sys';
import { CliSession } from './cli/session.ts';
import type { CommandContext } from './cli/command.ts';
import { Interpreter } from './cli/interpreter.ts';
import { COMMANDS } from './commands.ts';
import type { Runtime } from './runtime.ts';

/** `stats timeout`, where it is not set. */
const DEFAULT_TIMEOUT_MS = 10_000;
/** `stats maxconn`, where it is not set. */
const DEFAULT_MAXCONN = 10;
const BACKLOG = 128;

interface BoundSocket {
  readonly config: StatsSocket;
  readonly descriptor: number;
  /** Unix path and inode of ours, to be removed at the end. */
  readonly unix: { readonly path: string; readonly inode: number } | undefined;
}

export class RuntimeSockets {
  readonly #runtime: Runtime;
  readonly #interpreter = new Interpreter(COMMANDS);
  readonly #bound: BoundSocket[] = [];
  readonly #servers: Server[] = [];
  readonly #clients = new Set<Socket>();
  #timeoutMs = DEFAULT_TIMEOUT_MS;
  #maxconn = DEFAULT_MAXCONN;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Binds every `stats socket`, and `further` ones that the command line asks for. Returns what failed, in HAProxy's words; nothing stays bound then. */
  bind(global: Global, further: readonly StatsSocket[]): readonly string[] {
    this.#timeoutMs = global.statsTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#maxconn = global.statsMaxconn ?? DEFAULT_MAXCONN;
    const errors: string[] = [];
    for (const config of [...global.statsSockets, ...further]) {
      try {
        this.#bound.push(bindOne(config));
      } catch (error) {
        errors.push(
          `Binding [${config.at.file}:${config.at.line}] for frontend GLOBAL: cannot bind socket (${(error as Error).message}) for [${addressText(config.address)}]`,
        );
      }
    }
    if (errors.length > 0) this.close();
    return errors;
  }

  /** Begins to answer. */
  serve(): void {
    for (const { config, descriptor } of this.#bound) {
      const server = createServer({ allowHalfOpen: true }, (socket) => this.#welcome(socket, config));
      server.on('error', () => server.close());
      server.listen({ fd: descriptor });
      this.#servers.push(server);
    }
  }

  /** Stops listening, ends every conversation, and removes Unix paths that are still ours. */
  close(): void {
    for (const { descriptor, unix } of this.#bound.splice(0)) {
      if (this.#servers.length === 0) closeFd(descriptor);
      if (unix !== undefined) removePath(unix.path, unix.inode);
    }
    for (const server of this.#servers.splice(0)) server.close();
    for (const client of this.#clients) client.destroy();
  }

  #welcome(socket: Socket, config: StatsSocket): void {
    if (this.#clients.size >= this.#maxconn) {
      socket.destroy();
      return;
    }
    const context: CommandContext = {
      runtime: this.#runtime,
      level: config.level,
      interactive: false,
      leaving: false,
      timeoutMs: undefined,
    };
    const session = new CliSession(this.#interpreter, context);
    this.#clients.add(socket);
    socket.once('close', () => this.#clients.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(this.#timeoutMs, () => socket.destroy());
    const send = ({ text, close }: { readonly text: string; readonly close: boolean }): void => {
      if (context.timeoutMs !== undefined) socket.setTimeout(context.timeoutMs);
      // Who does not read what was answered is not heard until it does.
      if (text !== '' && !socket.write(text, 'latin1')) socket.pause();
      if (close) socket.end();
    };
    socket.on('drain', () => socket.resume());
    socket.on('data', (chunk) => {
      if (!socket.writableEnded) send(session.handle(chunk.toString('latin1')));
    });
    socket.on('end', () => {
      if (!socket.writableEnded) send(session.handleEnd());
    });
  }
}

function bindOne(config: StatsSocket): BoundSocket {
  const { address } = config;
  switch (address.kind) {
    case 'fd':
      if (!isListening(address.fd)) throw new Error(`descriptor ${address.fd} does not listen`);
      return { config, descriptor: dup(address.fd), unix: undefined };
    case 'abstract':
      return {
        config,
        descriptor: openListener({ family: 'unix', address: `@${address.name}`, backlog: BACKLOG }),
        unix: undefined,
      };
    case 'inet': {
      const host =
        address.host === '*' || address.host === '' ? (address.family === 6 ? '::' : '0.0.0.0') : address.host;
      const family = host.includes(':') ? 'ipv6' : 'ipv4';
      return {
        config,
        descriptor: openListener({
          family,
          address: host,
          port: address.port?.first ?? 0,
          reusePort: true,
          backlog: BACKLOG,
        }),
        unix: undefined,
      };
    }
    case 'unix':
      return bindUnix(config, address.path);
  }
}

/** Bound under a temporary name and renamed, so that a socket left behind by another process is replaced in one step. */
function bindUnix(config: StatsSocket, path: string): BoundSocket {
  const temporary = `${path}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  const descriptor = openListener({ family: 'unix', address: temporary, backlog: BACKLOG });
  try {
    if (config.mode !== undefined) chmodSync(temporary, config.mode);
    const uid = config.uid ?? (config.user === undefined ? undefined : lookupUser(config.user)?.uid);
    const gid = config.gid ?? (config.group === undefined ? undefined : lookupGroup(config.group)?.gid);
    if (uid !== undefined || gid !== undefined) chownSync(temporary, uid ?? -1, gid ?? -1);
    const { ino } = lstatSync(temporary);
    renameSync(temporary, path);
    return { config, descriptor, unix: { path, inode: ino } };
  } catch (error) {
    closeFd(descriptor);
    rmSync(temporary, { force: true });
    throw error;
  }
}

function removePath(path: string, inode: number): void {
  try {
    if (lstatSync(path).ino === inode) rmSync(path, { force: true });
  } catch {
    // Somebody removed it already.
  }
}

function addressText(address: Address): string {
  switch (address.kind) {
    case 'fd':
      return `fd@${address.fd}`;
    case 'abstract':
      return `abns@${address.name}`;
    case 'unix':
      return address.path;
    case 'inet':
      return `${address.host}:${address.port?.first ?? 0}`;
  }
}
