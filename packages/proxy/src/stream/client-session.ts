// What is fixed for the life of one client connection: addresses, times, listener, and the counts that it holds in the
// frontend. Made at the accept, whatever the mode; the stream or HTTP session that owns the connection ends it.
import { parseIpAddress, type IpAddress, type SessionView } from '@evenkeel/expr'
import type { Connection } from '../connection.ts'
import type { Frontend } from '../frontend.ts'
import type { Listener } from '../listener/listener.ts'

/** What a thread may ask of whoever serves a client connection. */
export interface SessionUser {
  /** The thread stops softly: close at once what is idle, and close after the response that is under way. */
  onSoftStop(): void
  /** End at once with termination `K` (an operator) or because the proxy is being removed. */
  onKill(): void
}

export class ClientSession implements SessionView {
  readonly connection: Connection
  readonly listener: Listener
  /** The frontend whose rules and counters apply. An idle HTTP connection may move to `listener.frontend` between two requests. */
  frontend: Frontend
  user: SessionUser | undefined = undefined
  /** Wall clock of the accept. */
  readonly acceptDateMs: number
  /** Monotonic ms of the accept. */
  readonly acceptedMs: number
  readonly secure = false
  readonly tlsVersion = undefined
  readonly tlsCipher = undefined

  /** Neighbours in the thread's list of client sessions. */
  next: ClientSession | undefined = undefined
  previous: ClientSession | undefined = undefined

  #source: IpAddress | undefined | null = null
  #destination: IpAddress | undefined | null = null
  #ended = false

  constructor(connection: Connection, listener: Listener, frontend: Frontend, acceptDateMs: number, acceptedMs: number) {
    this.connection = connection
    this.listener = listener
    this.frontend = frontend
    this.acceptDateMs = acceptDateMs
    this.acceptedMs = acceptedMs
  }

  get listenerId(): number {
    return this.listener.plan.id
  }
  get listenerName(): string | undefined {
    return this.listener.plan.name
  }

  get source(): IpAddress | undefined {
    if (this.#source === null) this.#source = parse(this.connection.remote.address)
    return this.#source
  }
  get sourcePort(): number {
    return this.connection.remote.port
  }
  get destination(): IpAddress | undefined {
    if (this.#destination === null) this.#destination = parse(this.connection.local.address)
    return this.#destination
  }
  get destinationPort(): number {
    return this.connection.local.port
  }

  /** Returns the counts that this connection holds in listener, frontend and process. Idempotent. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.frontend.endSession(this)
  }
}

function parse(address: string): IpAddress | undefined {
  return address === '' ? undefined : parseIpAddress(address)
}
