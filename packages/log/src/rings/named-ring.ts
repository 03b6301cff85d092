/**
 * A `ring` section at work (manual section 3.9), or one of the built-in rings: its memory, the servers that its events are
 * sent to, and a file that shadows it. Events that a connected server has still to get are not replaced: new ones are
 * dropped instead and counted, as in HAProxy, and the next event that fits is preceded by their number.
 */

import type { Ring } from '@evenkeel/config';
import { BackingFile } from './backing-file.ts';
import { MemoryRing } from './memory-ring.ts';
import { RingServer } from './ring-server.ts';

export class NamedRing {
  #settings: Ring;
  #memory: MemoryRing;
  #room: Buffer;
  #servers: RingServer[];
  #file: BackingFile | undefined;
  /** Called after events came in: who reads them has something to do. */
  readonly #readers = new Set<() => void>();
  /** Events dropped since their number was told last. */
  pendingDrops = 0;
  /** Events dropped so far. */
  dropped = 0;

  constructor(settings: Ring) {
    this.#settings = settings;
    this.#memory = new MemoryRing(settings.size);
    this.#room = Buffer.allocUnsafe(settings.size);
    this.#servers = settings.servers.map((server) => new RingServer(this, server, settings, 0));
    this.#file = backingFile(settings, this.#memory);
  }

  get settings(): Ring {
    return this.#settings;
  }

  /** Position of the event that will come next. */
  get next(): number {
    return this.#memory.next;
  }

  get oldest(): number {
    return this.#memory.oldest;
  }

  /** Why events are dropped: what stands between a server and the oldest event that it has not got. */
  get reason(): string {
    const slowest = this.#servers.find((server) => server.held === this.#held());
    return slowest === undefined ? 'they are longer than the ring' : slowest.state;
  }

  /**
   * Another configuration of the ring of that name: events and servers stay where they can. Events that do not fit into a
   * smaller memory go.
   */
  configure(settings: Ring): void {
    const before = this.#settings;
    this.#settings = settings;
    if (settings.size !== before.size || settings.backingFile !== before.backingFile) this.#replaceMemory(settings);
    const isSame =
      withoutPlaces(settings.servers) === withoutPlaces(before.servers) &&
      settings.timeoutConnectMs === before.timeoutConnectMs &&
      settings.timeoutServerMs === before.timeoutServerMs &&
      settings.size === before.size;
    if (isSame) return;
    // What their predecessors got is not sent again, what they did not is.
    const starts = new Map(this.#servers.map((server) => [server.name, server.unsent]));
    for (const server of this.#servers) server.close();
    this.#servers = settings.servers.map(
      (server) => new RingServer(this, server, settings, starts.get(server.name) ?? this.next),
    );
  }

  /** Stores the first `length` bytes of `event`; false where there is no room. */
  push(event: Buffer, length: number): boolean {
    return this.#memory.push(event, length, this.#held());
  }

  /** Counts an event that was not stored. */
  drop(): void {
    this.pendingDrops++;
    this.dropped++;
  }

  /** Events came in: they are sent on. */
  flush(): void {
    for (const server of this.#servers) server.pump();
    for (const read of this.#readers) read();
    this.#file?.update();
  }

  /** As MemoryRing.read: `visit` sees each event, valid during the call. */
  read(position: number, visit: (event: Buffer, length: number) => boolean): number {
    return this.#memory.read(position, this.#room, (length) => visit(this.#room, length));
  }

  /** Has `read` called after events came in, until the function that is returned is called. */
  attach(read: () => void): () => void {
    this.#readers.add(read);
    return () => this.#readers.delete(read);
  }

  /** Calls back when every connected server has got everything, and the file too. */
  whenIdle(callback: () => void): void {
    let open = this.#servers.length + 1;
    const done = (): void => {
      if (--open === 0) callback();
    };
    for (const server of this.#servers) server.whenIdle(done);
    if (this.#file === undefined) done();
    else this.#file.whenIdle(done);
  }

  close(): void {
    for (const server of this.#servers) server.close();
    this.#file?.close();
  }

  /** The position up to which every server has got everything; Infinity where none holds on. */
  #held(): number {
    let held = Infinity;
    for (const server of this.#servers) held = Math.min(held, server.held);
    return held;
  }

  /** Positions stay what they are: servers and readers go on where they were. */
  #replaceMemory(settings: Ring): void {
    const memory = new MemoryRing(settings.size, this.#memory.oldest);
    this.read(0, (event, length) => {
      if (!memory.push(event, length)) memory.skip(length);
      return true;
    });
    this.#file?.close();
    this.#memory = memory;
    this.#room = Buffer.allocUnsafe(settings.size);
    this.#file = backingFile(settings, memory);
  }
}

/** What counts of them: where the file says it does not. */
function withoutPlaces(servers: Ring['servers']): string {
  return JSON.stringify(servers, (key, value: unknown) => (key === 'at' ? undefined : value));
}

function backingFile(settings: Ring, memory: MemoryRing): BackingFile | undefined {
  return settings.backingFile === undefined ? undefined : new BackingFile(settings.backingFile, memory);
}
