/**
 * The listening side of the runtime API: `stats socket` lines and the master's `-S`. They follow each configuration in two
 * phases, with listeners and data threads: what is new is bound beside what is there, and answers, or takes the path of
 * another process's socket, once everything else is ready too. A socket whose address and rights stay is never closed.
 */

import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Config, StatsSocket } from '@evenkeel/config';
import { formatAddress } from '@evenkeel/config';
import { bindingError, listenAddresses } from '@evenkeel/control';
import type { Follower, PreparedChange, ResolveName } from '@evenkeel/control';
import type { ListenAddress } from '@evenkeel/proxy';
import { UnixListener, closeFd, dup, isListening, openListener, descriptorOf, peerCredentials } from '@evenkeel/sys';
import { CliSession } from './cli/session.ts';
import { ConnectionPlaces } from './connection-places.ts';
import { newContext } from './cli/command.ts';
import { Interpreter } from './cli/interpreter.ts';
import { COMMANDS } from './commands.ts';
import { MasterInterpreter } from './master/interpreter.ts';
import type { Runtime } from './runtime.ts';
import { SocketChannel } from './socket-channel.ts';
import { warmUp } from './warm-up.ts';

/** `stats timeout`, where it is not set. */
const DEFAULT_TIMEOUT_MS = 10_000;
/** `tune.bufsize`, where it is not set. */
const DEFAULT_COMMAND_LIMIT = 16_384;
const BACKLOG = 128;
/** Who listens, in HAProxy's messages. */
const OWNER = 'frontend GLOBAL';

/** A socket of the configuration, by address. */
interface WantedSocket {
  /** What is fixed when the socket is made. */
  readonly key: string;
  readonly config: StatsSocket;
  readonly address: ListenAddress;
}

interface OpenSocket {
  /** As the configuration that serves has it: the level may change while the socket stays. */
  config: StatsSocket;
  readonly address: ListenAddress;
  /** Undefined while it is paused. */
  descriptor: number | undefined;
  readonly unix: UnixListener | undefined;
  /** Owns the descriptor once it is there. */
  server: Server | undefined;
}

export class RuntimeSockets implements Follower {
  readonly #runtime: Runtime;
  readonly #further: readonly StatsSocket[];
  readonly #resolve: ResolveName;
  readonly #interpreter = new Interpreter(COMMANDS);
  readonly #master = new MasterInterpreter(this.#interpreter);
  #open = new Map<string, OpenSocket>();
  readonly #places = new ConnectionPlaces((socket, config) => this.#converse(socket, config, false));
  readonly #masterPlaces = new ConnectionPlaces((socket, config) => this.#converse(socket, config, true));
  #timeoutMs = DEFAULT_TIMEOUT_MS;
  /** The longest command: `tune.bufsize`. */
  #commandLimit = DEFAULT_COMMAND_LIMIT;
  #isPaused = false;
  #isClosed = false;

  /** `further`: the master's sockets, which the command line asks for, whatever the configuration. */
  constructor(runtime: Runtime, further: readonly StatsSocket[], resolve: ResolveName) {
    this.#runtime = runtime;
    this.#further = further;
    this.#resolve = resolve;
  }

  /** Binds what `global` asks for and is not there. Nothing is visible before the paths are published and the change committed. */
  async prepare({ global }: Config): Promise<PreparedChange> {
    const errors: string[] = [];
    const wanted = await this.#wanted([...global.statsSockets, ...this.#further], errors);
    const next = new Map<string, OpenSocket>();
    const opened: (OpenSocket & { readonly wanted: WantedSocket })[] = [];
    for (const each of wanted) {
      const { key, config, address } = each;
      const known = this.#open.get(key);
      if (known !== undefined) {
        next.set(key, known);
        continue;
      }
      try {
        const socket = { ...openSocket(config, address), config, address, server: undefined, wanted: each };
        opened.push(socket);
        next.set(key, socket);
      } catch (error) {
        errors.push(bindingError(config.at, OWNER, address, error));
      }
    }
    return {
      errors,
      publishPaths: () =>
        opened.flatMap(({ unix, wanted: { config, address } }) => {
          try {
            unix?.takePath();
            return [];
          } catch (error) {
            return [bindingError(config.at, OWNER, address, error)];
          }
        }),
      commit: () => {
        const before = this.#open;
        this.#open = next;
        if (before.size === 0 && next.size > 0) this.#warmUp();
        this.#timeoutMs = global.statsTimeoutMs ?? DEFAULT_TIMEOUT_MS;
        this.#commandLimit = global.tune.bufsize;
        for (const { key, config } of wanted) {
          const socket = next.get(key);
          if (socket !== undefined) socket.config = config;
        }
        for (const socket of opened) {
          socket.unix?.keepPath();
          this.#serve(socket);
        }
        for (const [key, socket] of before) if (!next.has(key)) closeSocket(socket);
        this.#places.limit(global.statsMaxconn);
        if (this.#isPaused) this.pause();
        // A soft stop came while the change was being prepared.
        if (this.#isClosed) this.close();
      },
      rollBack: () => {
        for (const { descriptor, unix } of opened) {
          if (descriptor !== undefined) closeFd(descriptor);
          unix?.giveBackPath();
        }
      },
    };
  }

  /**
   * SIGTTOU: as on HAProxy, Internet sockets take nobody until `resume`, so that another process may bind them; Unix sockets
   * cannot be paused and go on, and so do conversations and the master's sockets. False where there is no runtime socket.
   */
  pause(): boolean {
    this.#isPaused = true;
    const sockets = this.#ofWorker();
    for (const socket of sockets) {
      if (socket.address.kind !== 'inet' || socket.descriptor === undefined) continue;
      closeSocket(socket);
      socket.server = undefined;
      socket.descriptor = undefined;
    }
    return sockets.length > 0;
  }

  /** SIGTTIN: what could not be bound again, in HAProxy's words; undefined where there is no runtime socket. */
  resume(): readonly string[] | undefined {
    this.#isPaused = false;
    const errors: string[] = [];
    const sockets = this.#ofWorker();
    for (const socket of sockets) {
      if (socket.descriptor !== undefined) continue;
      const { address, config } = socket;
      try {
        socket.descriptor = openSocket(config, address).descriptor;
        this.#serve(socket);
      } catch (error) {
        errors.push(bindingError(config.at, OWNER, address, error));
      }
    }
    return sockets.length === 0 ? undefined : errors;
  }

  #ofWorker(): readonly OpenSocket[] {
    return [...this.#open.values()].filter(({ config }) => !this.#further.includes(config));
  }

  /** Stops listening, ends every conversation, and removes Unix paths that are still ours. For good. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#open.values()) closeSocket(socket);
    this.#open.clear();
    this.#places.clear();
    this.#masterPlaces.clear();
  }

  /** The plan that it goes through is there once the change is made as a whole. */
  #warmUp(): void {
    setImmediate(() => {
      if (!this.#isClosed) warmUp(this.#runtime);
    });
  }

  async #wanted(sockets: readonly StatsSocket[], errors: string[]): Promise<readonly WantedSocket[]> {
    const wanted: WantedSocket[] = [];
    const seen = new Map<string, number>();
    for (const config of sockets) {
      const addresses = await listenAddresses(config.address, config, this.#resolve);
      if (addresses === undefined) {
        const { file, line } = config.at;
        errors.push(
          `Binding [${file}:${line}] for ${OWNER}: cannot resolve the host of [${formatAddress(config.address)}]; use a numeric address`,
        );
        continue;
      }
      for (const address of addresses) {
        const { backlog, gid, group, interface: device, mode, uid, user } = config;
        const key = JSON.stringify([address, mode, user, group, uid, gid, device, backlog]);
        const count = (seen.get(key) ?? 0) + 1;
        seen.set(key, count);
        wanted.push({ key: count === 1 ? key : `${key}#${count}`, config, address });
      }
    }
    return wanted;
  }

  #serve(socket: OpenSocket): void {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      const { config } = socket;
      (this.#further.includes(config) ? this.#masterPlaces : this.#places).enter(client, config);
    });
    server.on('error', () => server.close());
    server.listen({ fd: socket.descriptor }, socket.config.backlog ?? BACKLOG);
    socket.server = server;
  }

  #converse(socket: Socket, config: StatsSocket, isMaster: boolean): void {
    const { level, severityOutput } = config;
    // As on HAProxy, who talks to the master is neither timed nor sent away.
    const context = newContext(this.#runtime, originOf(socket, config), level, {
      severityOutput,
      timeoutMs: isMaster ? 0 : this.#timeoutMs,
      endsAlone: !isMaster,
    });
    if (isMaster) context.promptName = 'master';
    const channel = new SocketChannel(socket);
    const session = new CliSession(isMaster ? this.#master : this.#interpreter, context, channel, this.#commandLimit);
    session.converse().then(
      () => channel.close(),
      (error: unknown) => {
        socket.destroy();
        throw error;
      },
    );
  }
}

/** Who asks, as `show config diff` names it: the socket, its level, and the user or the address behind the connection. */
function originOf(socket: Socket, { address, level }: StatsSocket): string {
  const { remoteAddress } = socket;
  return `${formatAddress(address)} (${level}), ${remoteAddress === undefined ? userOf(socket) : `from ${remoteAddress}`}`;
}

/** By number: the name would have to be asked for at each connection, perhaps over a network. */
function userOf(socket: Socket): string {
  try {
    return `uid ${peerCredentials(descriptorOf(socket)).uid}`;
  } catch {
    // It has gone meanwhile, or the C library cannot be called.
    return 'uid unknown';
  }
}

/** A listening descriptor, and the Unix socket that it is. Throws what stands against it. */
function openSocket(
  { mode, user, group, uid, gid, backlog = BACKLOG, interface: device }: StatsSocket,
  address: ListenAddress,
): Pick<OpenSocket, 'descriptor' | 'unix'> {
  switch (address.kind) {
    case 'fd':
      if (!isListening(address.fd)) throw new Error(`descriptor ${address.fd} does not listen`);
      return { descriptor: dup(address.fd), unix: undefined };
    case 'abstract':
      return {
        descriptor: openListener({ family: 'unix', address: `@${address.name}`, backlog }),
        unix: undefined,
      };
    case 'inet':
      return {
        descriptor: openListener({
          family: address.family === 6 ? 'ipv6' : 'ipv4',
          address: address.address,
          port: address.port,
          reusePort: true,
          backlog,
          ...(device === undefined ? {} : { interface: device }),
          ...(address.v6only === undefined ? {} : { v6only: address.v6only }),
        }),
        unix: undefined,
      };
    case 'unix': {
      const unix = new UnixListener({ path: address.path, backlog, mode, user, group, uid, gid });
      return { descriptor: unix.descriptor, unix };
    }
  }
}

function closeSocket({ descriptor, unix, server }: OpenSocket): void {
  if (server !== undefined) server.close();
  else if (descriptor !== undefined) closeFd(descriptor);
  unix?.removePath();
}
