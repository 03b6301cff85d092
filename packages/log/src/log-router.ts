/**
 * From a message to the lines that leave: the routes of every log set, and the destinations that they share. Lives in the log
 * thread; the destinations are made by a factory, so tests see the lines without sockets.
 */

import type { LogTarget, Ring } from '@evenkeel/config';
import type { Destination } from './destinations/destination.ts';
import { describeDestination } from './destinations/open.ts';
import type { OpenedKind } from './destinations/open.ts';
import type { DropCount } from './drop-report.ts';
import { LineComposer } from './line-composer.ts';
import type { LogSet } from './log-set.ts';
import type { LogMessage } from './message.ts';
import { RingSinks } from './rings/ring-sinks.ts';
import { LineRoute, RingRoute } from './routes.ts';
import type { Route } from './routes.ts';

/** The longest `len`, all of it escaped six times as long by JSON, and what stands around it. */
const LONGEST_LINE = 65_535 * 6 + 65_536;

export class LogRouter {
  readonly rings: RingSinks;
  readonly #pid: number;
  readonly #open: (where: OpenedKind) => Destination;
  readonly #composer = new LineComposer(LONGEST_LINE);
  /** By the destination's canonical text: two lines that name one socket share it. */
  readonly #destinations = new Map<string, Destination>();
  #sets: readonly (LogSet | undefined)[] = [];
  #routes: (readonly Route[])[] = [];

  constructor(pid: number, open: (where: OpenedKind) => Destination) {
    this.#pid = pid;
    this.#open = open;
    this.rings = new RingSinks([]);
  }

  /** Takes in the sets that are new since the last call, whose numbers never change their meaning, and the rings that are. */
  configure(sets: readonly (LogSet | undefined)[], rings: readonly Ring[]): void {
    this.rings.configure(rings);
    this.#sets = sets;
    // A ring's format may be another one, or it may be another ring.
    for (const [number, set] of this.#sets.entries()) {
      if (number >= this.#routes.length || set?.targets.some(({ destination }) => destination.kind === 'ring') === true)
        this.#routes[number] = this.#routesOf(set);
    }
  }

  knows(set: number): boolean {
    return set < this.#routes.length;
  }

  /** Sends a message to every target of its set that takes it. What it goes to is flushed by flush(). */
  route(set: number, message: LogMessage): void {
    const routes = this.#routes[set];
    for (let index = 0; index < routes.length; index++) routes[index].take(message);
  }

  /** All that was routed since the last call leaves. */
  flush(): void {
    for (const destination of this.#destinations.values()) destination.flush();
    for (const ring of this.rings.values()) ring.flush();
  }

  /** Of every destination, and of every ring. */
  *drops(): Generator<DropCount & { readonly isRing: boolean }> {
    for (const [name, { dropped, reason }] of this.#destinations) yield { name, dropped, reason, isRing: false };
    for (const { dropped, reason, settings } of this.rings.values())
      yield { name: `ring@${settings.name}`, dropped, reason, isRing: true };
  }

  /** Calls back once everything that destinations hold has left or was dropped. */
  whenIdle(callback: () => void): void {
    const all = [...this.#destinations.values(), ...this.rings.values()];
    let open = all.length + 1;
    const done = (): void => {
      if (--open === 0) callback();
    };
    for (const each of all) each.whenIdle(done);
    done();
  }

  close(): void {
    for (const destination of this.#destinations.values()) destination.close();
    for (const ring of this.rings.values()) ring.close();
  }

  #routesOf(set: LogSet | undefined): readonly Route[] {
    if (set === undefined) return [];
    return set.targets.flatMap((target) => this.#routeOf(target, set));
  }

  #routeOf(target: LogTarget, set: LogSet): Route | readonly Route[] {
    const { destination: where } = target;
    if (where.kind !== 'ring') return new LineRoute(target, set, this.#pid, this.#composer, this.#destination(where));
    const ring = this.rings.get(where.name);
    // A connection of an older configuration may still log to a ring that is gone.
    return ring === undefined ? [] : new RingRoute(target, set, this.#pid, this.#composer, ring);
  }

  #destination(where: OpenedKind): Destination {
    const name = describeDestination(where);
    let destination = this.#destinations.get(name);
    if (destination === undefined) {
      destination = this.#open(where);
      this.#destinations.set(name, destination);
    }
    return destination;
  }
}
