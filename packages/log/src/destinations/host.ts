/** `host:port` where the host is a name: it is resolved once, as HAProxy does when it reads the configuration. */

import { lookup } from 'node:dns';
import { isIPv6 } from 'node:net';
import type { DatagramTarget } from '@evenkeel/sys';
import { DatagramDestination } from './datagram.ts';
import type { Destination } from './destination.ts';

/** Bytes of the lines that are kept while the name is being resolved, once, at the start. */
const RESOLVING_BYTES = 128 * 1024;
/** A name that did not resolve is asked for again. */
const RETRY_MS = 10_000;

export class HostDestination implements Destination {
  readonly countsLineFeed = false;
  readonly #host: string;
  readonly #port: number;
  /** Undefined until the name has an address. */
  #inner: DatagramDestination | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #failure: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;
  #ownDrops = 0;
  #idleCallbacks: (() => void)[] = [];

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
    this.#resolve();
  }

  send(line: Buffer, length: number): void {
    if (this.#inner !== undefined) {
      this.#inner.send(line, length);
      return;
    }
    if (this.#failure !== undefined || this.#waitingBytes + length > RESOLVING_BYTES) {
      this.#ownDrops++;
      return;
    }
    this.#waiting.push(Buffer.from(line.subarray(0, length)));
    this.#waitingBytes += length;
  }

  flush(): void {
    this.#inner?.flush();
  }

  get dropped(): number {
    return this.#ownDrops + (this.#inner?.dropped ?? 0);
  }

  get reason(): string {
    return this.#inner?.reason ?? this.#failure ?? 'the name is still being resolved';
  }

  whenIdle(callback: () => void): void {
    if (this.#inner !== undefined) this.#inner.whenIdle(callback);
    else if (this.#failure !== undefined) callback();
    else this.#idleCallbacks.push(callback);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#inner?.close();
  }

  #resolve(): void {
    lookup(this.#host, (error, address) => {
      if (this.#isClosed) return;
      if (error === null) this.#inner = new DatagramDestination(hostTarget(address, this.#port));
      else this.#retryLater(`${this.#host}: ${error.code ?? error.message}`);
      for (const line of this.#waiting.splice(0)) this.send(line, line.length);
      this.#waitingBytes = 0;
      this.flush();
      for (const callback of this.#idleCallbacks.splice(0)) this.whenIdle(callback);
    });
  }

  #retryLater(failure: string): void {
    this.#failure = failure;
    this.#retry = setTimeout(() => this.#resolve(), RETRY_MS).unref();
  }
}

/** The socket of a host whose address is known. */
export function hostTarget(address: string, port: number): DatagramTarget {
  return { family: isIPv6(address) ? 'ipv6' : 'ipv4', address, port };
}
