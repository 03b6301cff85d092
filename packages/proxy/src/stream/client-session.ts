// What is fixed for the life of one client connection: addresses, times, listener, and the counts that it holds. Made at the
// accept, whatever the mode; the stream or HTTP session that owns the connection ends it.
import { parseIpAddress, type IpAddress, type SessionView } from '@evenkeel/expr';
import type { SharedCount } from '@evenkeel/shm';
import { originalDestination, support } from '@evenkeel/sys';
import type { Backend } from '../backend/backend.ts';
import type { Server } from '../backend/server.ts';
import type { Connection, PeerAddress } from '../connection.ts';
import type { Frontend } from '../frontend.ts';
import type { Listener } from '../listener/listener.ts';

/** What a thread may ask of whoever serves a client connection. */
export interface SessionUser {
  /** The thread stops softly: close at once what is idle, and close after the response that is under way. */
  onSoftStop(): void;
  /** End at once with termination `K`: an operator, or the end of `hard-stop-after`. */
  onKill(): void;
  /** What it is doing, for `show sess`; undefined while it waits for a request, when there is no stream. */
  standing(): Standing | undefined;
}

/** A stream at the moment of asking. */
export interface Standing {
  readonly phase: string;
  readonly backend: Backend | undefined;
  readonly server: Server | undefined;
  readonly serverConnection: Connection | undefined;
  readonly retries: number;
  readonly requestNumber: number;
  /** Requests of the connection so far, the method and URI of the last one, and the status of its answer: mode http only. */
  readonly requests: number;
  readonly request: string | undefined;
  readonly status: number;
}

export class ClientSession implements SessionView {
  readonly connection: Connection;
  readonly listener: Listener;
  /** The stream or session that serves the connection. */
  user: SessionUser | undefined = undefined;
  /** Counts the client connections of the thread. */
  readonly number: number;
  /** Wall clock of the accept. */
  readonly acceptDateMs: number;
  /** Monotonic ms of the accept. */
  readonly acceptedMs: number;
  readonly secure = false;
  readonly tlsVersion = undefined;
  readonly tlsCipher = undefined;

  /** Neighbours in the thread's list of client sessions. */
  next: ClientSession | undefined = undefined;
  previous: ClientSession | undefined = undefined;

  #frontend: Frontend;
  /** Where this connection is counted: the listener may have gone to another proxy since. */
  readonly #listenerCount: SharedCount;
  #source: IpAddress | undefined | null = null;
  #destination: IpAddress | undefined | null = null;
  #ended = false;

  constructor(
    connection: Connection,
    listener: Listener,
    frontend: Frontend,
    acceptDateMs: number,
    acceptedMs: number,
  ) {
    this.connection = connection;
    this.listener = listener;
    this.#frontend = frontend;
    this.#listenerCount = listener.sessions;
    this.number = frontend.thread.sessions.nextNumber();
    this.acceptDateMs = acceptDateMs;
    this.acceptedMs = acceptedMs;
  }

  /** The frontend whose rules and counters apply. */
  get frontend(): Frontend {
    return this.#frontend;
  }

  /**
   * Moves an idle HTTP connection to the generation that is published now, so that it does not keep an old one alive;
   * false where its frontend is gone, or is another proxy: then the connection should end.
   */
  moveToCurrent(): boolean {
    const old = this.#frontend;
    const { frontend } = this.listener;
    if (frontend === old) return true;
    if (frontend.name !== old.name || frontend.config.mode !== old.config.mode) return false;
    this.#frontend = frontend;
    frontend.generation.sessions++;
    old.generation.sessionEnded();
    return true;
  }

  get listenerId(): number {
    return this.listener.plan.id;
  }
  get listenerName(): string | undefined {
    return this.listener.plan.name;
  }

  get source(): IpAddress | undefined {
    if (this.#source === null) this.#source = parse(this.connection.remote.address);
    return this.#source;
  }
  /** The same, for a connection that is to come from there. */
  get clientAddress(): PeerAddress {
    const { source } = this;
    return source === undefined
      ? { address: '', port: 0, family: 0 }
      : { address: source.text, port: this.sourcePort, family: source.family };
  }
  /** Of a connection that carries no requests. */
  headerValue(): undefined {}
  get sourcePort(): number {
    return this.connection.remote.port;
  }
  get destination(): IpAddress | undefined {
    if (this.#destination === null) this.#destination = parse(this.connection.local.address);
    return this.#destination;
  }
  get destinationPort(): number {
    return this.connection.local.port;
  }

  /** Where the client wanted to go, before netfilter redirected it to us: for servers that stand there. */
  tellDestination(dispatch: { clientPort: number; clientDestination: string }): void {
    const { descriptor } = this.connection;
    const original = descriptor < 0 || !support('native').supported ? undefined : originalDestination(descriptor);
    if (original !== undefined && original.family !== 'unix') {
      dispatch.clientPort = original.port;
      dispatch.clientDestination = original.address;
    } else {
      dispatch.clientPort = this.destinationPort;
      dispatch.clientDestination = this.destination?.text ?? '';
    }
  }

  /** Gives back every place that this connection holds. Idempotent; to be called when the descriptor is closed. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const { thread, sessions } = this.#frontend;
    // The frontend's first, whose highest value is shown: whoever takes the listener's place must not find it counted twice.
    sessions.decrement();
    this.#listenerCount.decrement();
    thread.counts.connections.decrement();
    thread.sessions.remove(this);
    this.#frontend.endSession();
    thread.parking.placeFreed();
  }
}

function parse(address: string): IpAddress | undefined {
  return address === '' ? undefined : parseIpAddress(address);
}
