/**
 * What one `log` line of a set does with a message: filter it, make a line of it, hand that to a destination, or store it in
 * a ring in the ring's own format.
 */

import type { LogFormatName, LogTarget } from '@evenkeel/config';
import type { Destination } from './destinations/destination.ts';
import { JsonLine } from './json-line.ts';
import { LogLevel } from './level.ts';
import type { LineComposer } from './line-composer.ts';
import type { LogSet } from './log-set.ts';
import type { LogMessage } from './message.ts';
import type { NamedRing } from './rings/named-ring.ts';
import { SyslogHeader } from './syslog-header.ts';
import { TargetFilter } from './target-filter.ts';

export interface Route {
  /** Sends the message on, or does not. Never throws. */
  take(message: LogMessage): void;
}

/** Makes the lines of one target in one format. */
class LineMaker {
  readonly #composer: LineComposer;
  readonly #header: SyslogHeader | undefined;
  readonly #json: JsonLine | undefined;

  constructor(composer: LineComposer, format: LogFormatName, facility: number, set: LogSet, pid: number) {
    const fields = { facility, tag: set.tag, pid, hostname: set.hostname };
    this.#composer = composer;
    if (format === 'json') this.#json = new JsonLine(fields);
    else this.#header = new SyslogHeader({ ...fields, format });
  }

  /** Bytes of the line, which lies in the composer; cut as LineComposer.compose cuts. */
  make(level: number, message: LogMessage, messageLength: number, length: number, endsWithLineFeed: boolean): number {
    if (this.#header === undefined)
      return this.#composer.composeText(this.#json!.make(level, message, messageLength), Infinity, endsWithLineFeed);
    const header = this.#header.at(level, message.timeMs, message.structuredData);
    return this.#composer.compose(header, message, messageLength, length, endsWithLineFeed);
  }
}

/** A target whose lines leave the process. */
export class LineRoute implements Route {
  readonly #filter: TargetFilter;
  readonly #maker: LineMaker;
  readonly #composer: LineComposer;
  readonly #destination: Destination;
  readonly #length: number;
  readonly #messageLength: number;

  constructor(target: LogTarget, set: LogSet, pid: number, composer: LineComposer, destination: Destination) {
    this.#filter = new TargetFilter(target);
    this.#maker = new LineMaker(composer, target.format, target.facility, set, pid);
    this.#composer = composer;
    this.#destination = destination;
    this.#length = destination.countsLineFeed ? target.length - 1 : target.length;
    this.#messageLength = set.messageLength;
  }

  take(message: LogMessage): void {
    const level = this.#filter.levelFor(message.level);
    if (level < 0) return;
    const length = this.#maker.make(level, message, this.#messageLength, this.#length, true);
    this.#destination.send(this.#composer.bytes, length);
  }
}

/** A target whose lines stay in a ring. `len` bounds the message, the ring's `maxlen` message and header. */
export class RingRoute implements Route {
  readonly #filter: TargetFilter;
  readonly #maker: LineMaker;
  readonly #composer: LineComposer;
  readonly #ring: NamedRing;
  readonly #messageLength: number;

  constructor(target: LogTarget, set: LogSet, pid: number, composer: LineComposer, ring: NamedRing) {
    this.#filter = new TargetFilter(target);
    this.#maker = new LineMaker(composer, ring.settings.format, target.facility, set, pid);
    this.#composer = composer;
    this.#ring = ring;
    this.#messageLength = Math.min(set.messageLength, target.length);
  }

  take(message: LogMessage): void {
    const level = this.#filter.levelFor(message.level);
    if (level < 0) return;
    const ring = this.#ring;
    const mayStore = ring.pendingDrops === 0 || this.#announceDrops(message.timeMs);
    if (!mayStore || !this.#store(level, message)) ring.drop();
  }

  /** Tells the ring's readers how many events they will never see; false while there is no room for that either. */
  #announceDrops(timeMs: number): boolean {
    const count = this.#ring.pendingDrops;
    const text = Buffer.from(`${count} event${count > 1 ? 's' : ''} dropped`, 'latin1');
    const message = { level: LogLevel.notice, timeMs, structuredData: '', bytes: text, start: 0, end: text.length };
    if (!this.#store(LogLevel.notice, message)) return false;
    this.#ring.pendingDrops -= count;
    return true;
  }

  #store(level: number, message: LogMessage): boolean {
    const { maxlen } = this.#ring.settings;
    const length = this.#maker.make(level, message, this.#messageLength, maxlen, false);
    return this.#ring.push(this.#composer.bytes, length);
  }
}
