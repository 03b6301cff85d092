/**
 * Lines of format `json` (our own): one object a line, made by pino. Loaded where such a target is configured and nowhere else.
 *
 * `{"level":"info","time":"2026-11-03T08:05:09.123456+01:00","pid":1,"hostname":"lb1","tag":"haproxy","facility":"local0","msg":"…"}`;
 * `hostname` stands there with `log-send-hostname`, as in the other formats.
 */

import { createRequire } from 'node:module';
import type { Logger } from 'pino';
import type * as pinoModule from 'pino';
import { SYSLOG_FACILITIES, SYSLOG_LEVELS } from '@evenkeel/config/syslog';
import type { LogLevel } from './level.ts';
import type { LogMessage } from './message.ts';
import { SyslogHeader } from './syslog-header.ts';

export interface JsonFields {
  /** 0 (kern) to 23 (local7). */
  readonly facility: number;
  readonly tag: string;
  readonly pid: number;
  readonly hostname: string | undefined;
}

export class JsonLine {
  readonly #logger: Logger<keyof typeof LogLevel>;
  readonly #clock: SyslogHeader;
  #time = '';
  #line = '';

  constructor({ facility, hostname, pid, tag }: JsonFields) {
    const pino = createRequire(import.meta.url)('pino') as typeof pinoModule.pino;
    // The time as format iso writes it, with the space that ends it there.
    this.#clock = new SyslogHeader({ format: 'iso', facility, hostname, pid, tag });
    this.#logger = pino(
      {
        // pino counts the other way round: what is more severe is the higher number.
        customLevels: Object.fromEntries(SYSLOG_LEVELS.map((name, level) => [name, 80 - level * 10])) as Record<
          keyof typeof LogLevel,
          number
        >,
        useOnlyCustomLevels: true,
        level: 'debug',
        base: { pid, ...(hostname === undefined ? {} : { hostname }), tag, facility: SYSLOG_FACILITIES[facility] },
        timestamp: () => `,"time":"${this.#time}"`,
        formatters: { level: (label) => ({ level: label }) },
      },
      { write: (line: string) => void (this.#line = line) },
    );
  }

  /** The line without its line feed, one character for each byte of its UTF-8. */
  make(level: number, message: LogMessage, messageLength: number): string {
    this.#time = this.#clock.at(level, message.timeMs).trimEnd();
    const end = Math.min(message.end, message.start + messageLength);
    // Bytes of a request that are no UTF-8 become replacement characters: what is written must be JSON.
    this.#logger[SYSLOG_LEVELS[level]](message.bytes.toString('utf8', message.start, end));
    return Buffer.from(this.#line.trimEnd(), 'utf8').toString('latin1');
  }
}
