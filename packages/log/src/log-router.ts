/**
 * From a message to the lines that leave: filters, headers and destinations of every log set. Lives in the log thread; the
 * destinations are made by a factory, so tests see the lines without sockets.
 */

import type { LogTarget } from '@evenkeel/config';
import type { LogSet } from './log-set.ts';
import type { Destination } from './destination.ts';
import { SyslogHeader } from './syslog-header.ts';
import { TargetFilter, encodeLine } from './target-filter.ts';

interface Route {
  readonly filter: TargetFilter;
  readonly header: SyslogHeader;
  readonly destination: Destination;
  readonly length: number;
}

export class LogRouter {
  readonly #pid: number;
  readonly #open: (where: LogTarget['destination']) => Destination;
  /** By the destination's canonical text: two lines that name one socket share it. */
  readonly #destinations = new Map<string, Destination>();
  readonly #routes: (readonly Route[])[] = [];
  readonly #reported = new Map<string, number>();

  constructor(pid: number, open: (where: LogTarget['destination']) => Destination) {
    this.#pid = pid;
    this.#open = open;
  }

  /** Takes in the sets that are new since the last call; a number never changes its meaning. */
  setSets(sets: readonly (LogSet | undefined)[]): void {
    for (let number = this.#routes.length; number < sets.length; number++)
      this.#routes.push(this.#routesOf(sets[number]));
  }

  knows(set: number): boolean {
    return set < this.#routes.length;
  }

  /** Sends one message of `level` (0..7) to every target of its set that takes it. */
  route(set: number, level: number, message: string, timeMs: number): void {
    const routes = this.#routes[set];
    if (routes === undefined) return;
    for (const route of routes) {
      const sendLevel = route.filter.levelFor(level);
      if (sendLevel >= 0) route.destination.send(encodeLine(route.header.at(sendLevel, timeMs), message, route.length));
    }
  }

  /** Destinations that dropped lines since the last call: what, how many in all, and why. */
  newDrops(): readonly { readonly destination: string; readonly dropped: number; readonly reason: string }[] {
    const found: { destination: string; dropped: number; reason: string }[] = [];
    for (const [name, destination] of this.#destinations) {
      if (destination.dropped === (this.#reported.get(name) ?? 0)) continue;
      this.#reported.set(name, destination.dropped);
      found.push({ destination: name, dropped: destination.dropped, reason: destination.reason });
    }
    return found;
  }

  /** Lines dropped by all destinations so far. */
  dropped(): number {
    let sum = 0;
    for (const destination of this.#destinations.values()) sum += destination.dropped;
    return sum;
  }

  /** Calls back once everything that destinations hold has left or was dropped. */
  whenIdle(callback: () => void): void {
    let open = this.#destinations.size;
    if (open === 0) {
      callback();
      return;
    }
    for (const destination of this.#destinations.values()) {
      destination.whenIdle(() => {
        if (--open === 0) callback();
      });
    }
  }

  close(): void {
    for (const destination of this.#destinations.values()) destination.close();
  }

  #routesOf(set: LogSet | undefined): readonly Route[] {
    if (set === undefined) return [];
    return set.targets.map((target) => ({
      filter: new TargetFilter(target),
      header: new SyslogHeader({
        format: target.format,
        facility: target.facility,
        tag: set.tag,
        pid: this.#pid,
        hostname: set.hostname,
      }),
      destination: this.#destination(target.destination),
      length: target.length,
    }));
  }

  #destination(where: LogTarget['destination']): Destination {
    const name = describeDestination(where);
    let destination = this.#destinations.get(name);
    if (destination === undefined) {
      destination = this.#open(where);
      this.#destinations.set(name, destination);
    }
    return destination;
  }
}

/** A destination as the configuration writes it. */
export function describeDestination(where: LogTarget['destination']): string {
  switch (where.kind) {
    case 'stdout':
      return 'stdout';
    case 'stderr':
      return 'stderr';
    case 'fd':
      return `fd@${where.fd}`;
    case 'unix':
      return where.path;
    case 'udp':
      return `${where.host}:${where.port}`;
    case 'ring':
      return `ring@${where.name}`;
  }
}
