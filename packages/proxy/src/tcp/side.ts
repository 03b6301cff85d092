// One of the two ends of a TCP stream: its connection, its time-out, and what is still to come from it and to go to it.
//
// One timer serves reading and writing, since traffic in either direction shows that the peer lives; under `option
// independent-streams` what is sent to a side does not count. A side that is neither read nor written has no time-out.
import type { Connection, ConnectionError, ConnectionOwner } from '../connection.ts';
import { Timer, type TimerOwner } from '../timers.ts';
import type { ThreadContext } from '../thread-context.ts';

/** Whose sides they are: a TCP stream, or the tunnel that an HTTP transaction became. */
export interface SideOwner {
  readonly thread: ThreadContext;
  /** `tune.bufsize` */
  readonly bufferBytes: number;
  /** `option independent-streams` */
  readonly hasIndependentSides: boolean;
  /** Bytes of a side that has no peer yet. */
  hold(side: Side, chunk: Buffer): void;
  onSideEnd(side: Side): void;
  onSideDrain(side: Side): void;
  onSideClosed(side: Side, error: ConnectionError | undefined): void;
  /** `isBlocked`: it does not take what is sent to it. */
  onSideTimeout(side: Side, isBlocked: boolean): void;
}

export class Side implements ConnectionOwner, TimerOwner {
  readonly isClient: boolean;
  readonly connection: Connection;
  /** Chunks are written on at once, or copied. */
  readonly borrowsChunks = true;
  /** Where what comes from here goes; undefined while there is no such side, or rules are deciding about it. */
  peer: Side | undefined = undefined;
  /** Not read, because the peer holds as much as it may. */
  isPaused = false;
  /** FIN, time-out or abort: nothing more comes from here. */
  isReadDone = false;
  /** FIN was sent to this side, or follows what is buffered. */
  isWriteDone = false;
  /** `option nolinger` towards servers: in place of FIN the connection is reset, and nothing more is wanted from it. */
  resetsAtEnd = false;

  readonly #stream: SideOwner;
  readonly #timer: Timer;
  /** 0 = none. */
  #timeoutMs: number;
  readonly #finTimeoutMs: number;
  /** Unsent bytes when the timer last looked; fewer of them is progress. */
  #unsentBefore = 0;

  constructor(stream: SideOwner, connection: Connection, isClient: boolean, timeoutMs: number, finTimeoutMs: number) {
    this.#stream = stream;
    this.connection = connection;
    this.isClient = isClient;
    this.#timeoutMs = timeoutMs;
    this.#finTimeoutMs = finTimeoutMs;
    this.#timer = new Timer(this, 0);
    connection.owner = this;
  }

  // --------------------------------------------------------------------------------------------- from the connection

  onData(chunk: Buffer): void {
    if (this.isReadDone) return;
    const peer = this.peer;
    if (peer === undefined) return this.#stream.hold(this, chunk);
    this.touch();
    peer.send(chunk, this);
  }

  onEnd(): void {
    if (this.isReadDone) return;
    this.isReadDone = true;
    this.#stream.onSideEnd(this);
  }

  onDrain(): void {
    this.touch();
    if (this.isWriteDone && this.resetsAtEnd) return this.#cut();
    this.#stream.onSideDrain(this);
  }

  onClose(error: ConnectionError | undefined): void {
    this.isReadDone = true;
    this.isWriteDone = true;
    this.#stream.onSideClosed(this, error);
  }

  // --------------------------------------------------------------------------------------------------- to the connection

  /** Passes on what `source` sent; stops reading it while too much waits here. */
  send(chunk: Buffer, source: Side | undefined = this.peer): void {
    const { connection } = this;
    if (connection.write(chunk)) {
      if (!this.#stream.hasIndependentSides) this.touch();
      return;
    }
    this.#unsentBefore = connection.unsentBytes;
    if (!this.#timer.armed) this.touch();
    if (connection.writableLength >= this.#stream.bufferBytes) source?.pause();
  }

  /** FIN to this side, after what is buffered; its fin time-out holds from now on (manual, "timeout client-fin"). */
  end(): void {
    if (this.isWriteDone) return;
    this.isWriteDone = true;
    if (this.resetsAtEnd) {
      if (this.connection.writableLength === 0) this.#cut();
      return;
    }
    this.connection.end();
    if (this.#finTimeoutMs > 0 && !this.isReadDone) this.setTimeout(this.#finTimeoutMs);
  }

  #cut(): void {
    this.connection.reset();
    this.onEnd();
  }

  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.connection.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.touch();
    this.connection.resume();
  }

  // ------------------------------------------------------------------------------------------------------------ time-out

  /** Something moved: the time-out counts from now. */
  touch(): void {
    if (this.#timeoutMs > 0) this.#stream.thread.wheel.arm(this.#timer, this.#stream.thread.now + this.#timeoutMs);
  }

  /** 0 turns it off. */
  setTimeout(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
    if (timeoutMs > 0) this.touch();
    else this.#stream.thread.wheel.disarm(this.#timer);
  }

  get isOverdue(): boolean {
    return this.#timer.deadline <= this.#stream.thread.now;
  }

  onTimer(): void {
    this.#stream.thread.wheel.disarm(this.#timer);
    const unsent = this.connection.unsentBytes;
    if (unsent > 0) {
      // Less than before: the peer is slow, not dead.
      if (unsent < this.#unsentBefore) {
        this.#unsentBefore = unsent;
        this.touch();
      } else {
        this.#stream.onSideTimeout(this, true);
      }
    } else if (!this.isReadDone && !this.isPaused) {
      this.#stream.onSideTimeout(this, false);
    }
  }

  /** The side's last act: no timer, no connection. */
  dispose(): void {
    this.#stream.thread.wheel.remove(this.#timer);
    this.connection.destroy();
  }
}
