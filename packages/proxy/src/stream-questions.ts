// What a thread tells of the client connections that it serves, and the ending of one of them: `show sess`, `shutdown session`.
import type { PeerAddress } from './connection.ts';
import type { DataThread } from './data-thread.ts';
import type { ClientSession, Standing } from './stream/client-session.ts';
import { streamNumber, type EndFacts, type GoneSlots, type StreamFacts } from './thread-questions.ts';

export class StreamQuestions {
  readonly #thread: DataThread;

  constructor(thread: DataThread) {
    this.#thread = thread;
  }

  /** The newest first, `most` of those below a number. A keep-alive connection between two requests is no stream. */
  list(below: number, most: number): readonly StreamFacts[] {
    const { sessions } = this.#thread;
    const found: StreamFacts[] = [];
    for (let session = sessions.newest; session !== undefined && found.length < most; session = session.next) {
      if (this.#numberOf(session) >= below) continue;
      const facts = this.#factsOf(session);
      if (facts !== undefined) found.push(facts);
    }
    return found;
  }

  find(number: number): StreamFacts | undefined {
    const session = this.#session(number);
    return session === undefined ? undefined : this.#factsOf(session);
  }

  end(number: number): boolean {
    const session = this.#session(number);
    if (session?.user?.standing() === undefined) return false;
    session.user.onKill();
    return true;
  }

  /** Ends the streams on these slots, those included that wait for such a server, and what is idle at such a frontend; returns how many. */
  endGone(gone: GoneSlots): number {
    let count = 0;
    this.#thread.sessions.forEach((session) => {
      if (!isOn(session, gone)) return;
      count++;
      if (session.user === undefined) session.connection.destroy();
      else session.user.onKill();
    });
    return count;
  }

  #session(number: number): ClientSession | undefined {
    let session = this.#thread.sessions.newest;
    while (session !== undefined && this.#numberOf(session) !== number) session = session.next;
    return session;
  }

  #numberOf({ number }: ClientSession): number {
    const { thread, incarnation } = this.#thread.segment.identity;
    return streamNumber(thread, incarnation, number);
  }

  #factsOf(session: ClientSession): StreamFacts | undefined {
    const standing = session.user?.standing();
    if (standing === undefined) return undefined;
    const { connection, frontend, acceptDateMs, acceptedMs } = session;
    const { backend, server } = standing;
    return {
      number: this.#numberOf(session),
      requestNumber: standing.requestNumber,
      source: endOf(connection.remote),
      destination: endOf(connection.local),
      listenerId: session.listenerId,
      frontend: { name: frontend.name, id: frontend.id, mode: frontend.config.mode },
      backend:
        backend === undefined ? undefined : { name: backend.name, id: backend.config.id, mode: backend.config.mode },
      server: server === undefined ? undefined : { name: server.name, id: server.id, address: server.addressText },
      serverEnds: serverEnds(standing),
      acceptDateMs,
      ageMs: Math.max(0, this.#thread.now - acceptedMs),
      phase: standing.phase,
      retries: standing.retries,
      requests: standing.requests,
      request: standing.request,
      status: standing.status,
      descriptor: connection.descriptor,
      bytesIn: connection.bytesIn,
      bytesOut: connection.bytesOut,
      unsentBytes: connection.unsentBytes,
    };
  }
}

function isOn({ frontend, user }: ClientSession, { frontends, backends, servers }: GoneSlots): boolean {
  const { plan } = frontend.generation;
  if (frontends.has(plan.heads[frontend.index].frontendSlot)) return true;
  const standing = user?.standing();
  if (standing === undefined) return false;
  const { backend, server } = standing;
  return (backend !== undefined && backends.has(backend.slot)) || (server !== undefined && servers.has(server.slot));
}

function serverEnds({ serverConnection: connection }: Standing): StreamFacts['serverEnds'] {
  if (connection === undefined) return undefined;
  return { local: endOf(connection.local), remote: endOf(connection.remote), descriptor: connection.descriptor };
}

function endOf({ address, port, family }: PeerAddress): EndFacts {
  return { address, port, family };
}
