/**
 * What stands before a log message for each `format` of a `log` line (manual section 3.1, "log"; RFC 3164, RFC 5424). Pure:
 * the time is an argument. Headers change once a second or, where they carry microseconds, in their last digits only, so
 * what a second leaves the same is kept for that second.
 */

import type { LogTarget } from '@evenkeel/config';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

export interface HeaderFields {
  readonly format: HeaderFormat;
  /** 0 (kern) to 23 (local7). */
  readonly facility: number;
  /** `log-tag`, or the program's name. */
  readonly tag: string;
  readonly pid: number;
  /** Host name to announce; undefined where `log-send-hostname` is not set. */
  readonly hostname: string | undefined;
}

/** The formats that are a header before the message; `json` is an object around it. */
export type HeaderFormat = Exclude<LogTarget['format'], 'json'>;

/** One target's header: `at(level, timeMs)` gives the text before the message, for a level of 0 to 7 and a time in ms since the epoch. */
export class SyslogHeader {
  readonly #fields: HeaderFields;
  #second = -1;
  #calendar = '';
  #zone = '';
  /** Headers of that second by level, where nothing in them is finer. */
  readonly #kept: (string | undefined)[] = [];
  #keptSecond = -1;
  readonly #keeps: boolean;

  constructor(fields: HeaderFields) {
    this.#fields = fields;
    this.#keeps = !['rfc5424', 'timed', 'iso'].includes(fields.format);
  }

  /** `structuredData` has its place in rfc5424 alone. */
  at(level: number, timeMs: number, structuredData = ''): string {
    if (!this.#keeps) return this.#make(level, timeMs, structuredData);
    const second = Math.floor(timeMs / 1000);
    if (second !== this.#keptSecond) this.#kept.length = 0;
    this.#keptSecond = second;
    return (this.#kept[level] ??= this.#make(level, timeMs, structuredData));
  }

  #make(level: number, timeMs: number, structuredData: string): string {
    const { format, facility, tag, pid, hostname } = this.#fields;
    const priority = facility * 8 + level;
    switch (format) {
      case 'raw':
        return '';
      case 'short':
        return `<${level}>`;
      case 'priority':
        return `<${priority}>`;
      case 'local':
        return `<${priority}>${this.#bsdTime(timeMs)} ${tag}[${pid}]: `;
      case 'rfc3164':
        return `<${priority}>${this.#bsdTime(timeMs)} ${hostname ?? 'localhost'} ${tag}[${pid}]: `;
      case 'rfc5424':
        return `<${priority}>1 ${this.#isoTime(timeMs)} ${hostname ?? '-'} ${tag} ${pid} - ${structuredData === '' ? '-' : structuredData} `;
      case 'timed':
        return `<${level}>${this.#isoTime(timeMs)} `;
      case 'iso':
        return `${this.#isoTime(timeMs)} `;
    }
  }

  /** `Nov  3 08:05:09` in local time (RFC 3164 section 4.1.2). */
  #bsdTime(timeMs: number): string {
    const second = Math.floor(timeMs / 1000);
    if (second !== this.#second) {
      const date = new Date(second * 1000);
      const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
      this.#calendar = `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${clock}`;
      this.#second = second;
    }
    return this.#calendar;
  }

  /** `2026-11-03T08:05:09.123456+01:00` (RFC 5424 section 6.2.3): local time with its offset, six digits of fraction. */
  #isoTime(timeMs: number): string {
    const second = Math.floor(timeMs / 1000);
    if (second !== this.#second) {
      const date = new Date(second * 1000);
      const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
      this.#calendar = `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
      const offsetMinutes = -date.getTimezoneOffset();
      const distance = Math.abs(offsetMinutes);
      this.#zone = `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(distance / 60))}:${two(distance % 60)}`;
      this.#second = second;
    }
    const microseconds = Math.min(999_999, Math.floor((timeMs - second * 1000) * 1000));
    return `${this.#calendar}.${String(microseconds).padStart(6, '0')}${this.#zone}`;
  }
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
