/**
 * From a message to the lines that leave: the routes of every log set, and the destinations that they share. Lives in the log
 * thread; the destinations are made by a factory, so tests see the lines without sockets.
 *
 * A stream goes on logging where the configuration said that it began under. So a destination that no set of the configuration
 * that serves names is closed, but only when it took no line between two looks, and is opened again for a line that comes later.
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

/** What the log thread knows of configurations. */
export interface LogConfiguration {
  /** Every set by its number. */
  readonly sets: readonly (LogSet | undefined)[];
  /** Numbers of the sets that the configuration that serves uses; each once. */
  readonly serving: readonly number[];
  readonly rings: readonly Ring[];
}

export class LogRouter {
  readonly rings: RingSinks;
  readonly #pid: number;
  readonly #open: (where: OpenedKind) => Destination;
  readonly #composer = new LineComposer(LONGEST_LINE);
  /** By the destination's canonical text: two lines that name one socket share it. */
  readonly #destinations = new Map<string, OpenDestination>();
  /** What destinations that were closed have dropped. */
  readonly #past = new Map<string, { dropped: number; reason: string }>();
  #sets: readonly (LogSet | undefined)[] = [];
  #serving: ReadonlySet<number> = new Set();
  /** By set; undefined before a set's first message, and again after it has ceased to serve. */
  readonly #routes: (readonly Route[] | undefined)[] = [];

  constructor(pid: number, open: (where: OpenedKind) => Destination) {
    this.#pid = pid;
    this.#open = open;
    this.rings = new RingSinks([]);
  }

  /**
   * Takes in the sets that are new since the last call, whose numbers never change their meaning, which of them serve, and the
   * rings.
   */
  configure({ sets, serving, rings }: LogConfiguration): void {
    this.rings.configure(rings);
    this.#sets = sets;
    const isOther = serving.length !== this.#serving.size || !serving.every((number) => this.#serving.has(number));
    this.#serving = new Set(serving);
    for (const [number, set] of sets.entries()) {
      // A ring's format may be another one, or it may be another ring.
      if (set?.targets.some(({ destination }) => destination.kind === 'ring') === true)
        this.#routes[number] = undefined;
      // A name is resolved before the first line wants to leave.
      if (this.#serving.has(number)) this.#routes[number] ??= this.#routesOf(set);
    }
    if (isOther) this.closeUnused();
  }

  /** To be called now and then: closes what no serving set names and no message has needed since the last call. */
  closeUnused(): void {
    const named = new Set<string>();
    for (const [number, set] of this.#sets.entries()) {
      if (!this.#serving.has(number)) this.#routes[number] = undefined;
      else for (const { destination } of set?.targets ?? []) named.add(describeDestination(destination));
    }
    for (const [name, open] of this.#destinations) {
      if (named.has(name) || open.isNeeded) open.isNeeded = false;
      else this.#close(name, open.destination);
    }
  }

  knows(set: number): boolean {
    return set < this.#sets.length;
  }

  /** Sends a message to every target of its set that takes it. What it goes to is flushed by flush(). */
  route(set: number, message: LogMessage): void {
    const routes = (this.#routes[set] ??= this.#routesOf(this.#sets[set]));
    for (let index = 0; index < routes.length; index++) routes[index].take(message);
  }

  /** All that was routed since the last call leaves. */
  flush(): void {
    for (const { destination } of this.#destinations.values()) destination.flush();
    for (const ring of this.rings.values()) ring.flush();
  }

  /** Of every destination, those that were closed included, and of every ring. */
  *drops(): Generator<DropCount & { readonly isRing: boolean }> {
    for (const [name, { destination }] of this.#destinations) {
      const before = this.#past.get(name)?.dropped ?? 0;
      yield { name, dropped: before + destination.dropped, reason: destination.reason, isRing: false };
    }
    for (const [name, { dropped, reason }] of this.#past)
      if (!this.#destinations.has(name)) yield { name, dropped, reason, isRing: false };
    for (const { dropped, reason, settings } of this.rings.values())
      yield { name: `ring@${settings.name}`, dropped, reason, isRing: true };
  }

  /** Calls back once everything that destinations hold has left or was dropped. */
  whenIdle(callback: () => void): void {
    const destinations = Array.from(this.#destinations.values(), ({ destination }) => destination);
    const all = [...destinations, ...this.rings.values()];
    let open = all.length + 1;
    const done = (): void => {
      if (--open === 0) callback();
    };
    for (const each of all) each.whenIdle(done);
    done();
  }

  close(): void {
    for (const { destination } of this.#destinations.values()) destination.close();
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
    const open = this.#destinations.get(name);
    if (open !== undefined) {
      open.isNeeded = true;
      return open.destination;
    }
    const destination = this.#open(where);
    this.#destinations.set(name, { destination, isNeeded: true });
    return destination;
  }

  /** Closes it once what it holds has left or was dropped. */
  #close(name: string, destination: Destination): void {
    this.#destinations.delete(name);
    let counted = 0;
    const count = (): void => {
      const { dropped, reason } = destination;
      if (dropped === counted) return;
      this.#past.set(name, { dropped: (this.#past.get(name)?.dropped ?? 0) + dropped - counted, reason });
      counted = dropped;
    };
    count();
    destination.flush();
    destination.whenIdle(() => {
      destination.close();
      count();
    });
  }
}

interface OpenDestination {
  readonly destination: Destination;
  /** A route to it was made since the last look. */
  isNeeded: boolean;
}
