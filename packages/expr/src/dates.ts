/**
 * Calendar dates without `Date`: seconds since the epoch to fields and texts, and the date formats of logs (manual sections 8.2.3 and
 * 8.2.6). Formats of whole seconds keep their last text, since thousands of log lines share a second.
 */

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

export interface CalendarDate {
  readonly year: number;
  /** 0 to 11. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 0 is the first of January. */
  readonly yearDay: number;
}

/** Fields of a moment of the proleptic Gregorian calendar in UTC. */
export function calendarDate(epochSeconds: number): CalendarDate {
  const days = Math.floor(epochSeconds / 86400);
  const rest = epochSeconds - days * 86400;
  // Years begin in March, so that the leap day is the last one; 400 years have 146,097 days.
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const march = Math.floor((5 * dayOfYear + 2) / 153);
  const month = march < 10 ? march + 2 : march - 10;
  const year = yearOfEra + era * 400 + (month < 2 ? 1 : 0);
  return {
    year,
    month,
    day: dayOfYear - Math.floor((153 * march + 2) / 5) + 1,
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearDay: days - daysBeforeYear(year),
  };
}

function daysBeforeYear(year: number): number {
  const before = year - 1;
  return before * 365 + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) - 719162;
}

export function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

function three(number: number): string {
  return number < 10 ? `00${number}` : number < 100 ? `0${number}` : String(number);
}

/** `23/Nov/2026:18:39:10`. */
function logStamp(date: CalendarDate): string {
  return `${two(date.day)}/${MONTHS[date.month].slice(0, 3)}/${date.year}:${two(date.hour)}:${two(date.minute)}:${two(date.second)}`;
}

/** `+0100`. */
export function zoneText(offsetMinutes: number): string {
  const absolute = Math.abs(offsetMinutes);
  return `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(absolute / 60))}${two(absolute % 60)}`;
}

/** Dates as logs print them. One per thread: it keeps the texts of the last second asked for. */
export class LogDates {
  private readonly offsetOf: (dateMs: number) => number;
  private second = NaN;
  private localText = '';
  private localZone = '';
  private gmtText = '';

  constructor(localOffsetMinutes: (dateMs: number) => number) {
    this.offsetOf = localOffsetMinutes;
  }

  /** `%t`, `%tr`: local time with milliseconds. */
  localMs(dateMs: number): string {
    this.turnTo(dateMs);
    return `${this.localText}.${three(Math.floor(dateMs) % 1000)}`;
  }

  /** `%T`, `%trg`: GMT with its zone. */
  gmt(dateMs: number): string {
    this.turnTo(dateMs);
    return this.gmtText;
  }

  /** `%Tl`, `%trl`: local time with its zone. */
  local(dateMs: number): string {
    this.turnTo(dateMs);
    return this.localZone;
  }

  private turnTo(dateMs: number): void {
    const second = Math.floor(dateMs / 1000);
    if (second === this.second) return;
    this.second = second;
    const offset = this.offsetOf(dateMs);
    this.localText = logStamp(calendarDate(second + offset * 60));
    this.localZone = `${this.localText} ${zoneText(offset)}`;
    this.gmtText = `${logStamp(calendarDate(second))} +0000`;
  }
}

/** `Mon, 23 Nov 2026 18:39:10 GMT`, with a fraction of the second before the zone where one is given (RFC 9110, 5.6.7). */
export function httpDate(epochSeconds: number, fraction = ''): string {
  const date = calendarDate(epochSeconds);
  const time = `${two(date.hour)}:${two(date.minute)}:${two(date.second)}${fraction}`;
  return `${WEEKDAYS[date.weekday].slice(0, 3)}, ${two(date.day)} ${MONTHS[date.month].slice(0, 3)} ${date.year} ${time} GMT`;
}

/** strftime(3) in the C locale. A letter that it does not have stays as it is written. */
export function formatDate(format: string, epochSeconds: number, offsetMinutes: number, zone: string): string {
  const date = calendarDate(epochSeconds + offsetMinutes * 60);
  return format.replace(
    /%([A-Za-z%])/g,
    (written, letter: string) => DATE_FIELDS[letter]?.(date, epochSeconds, offsetMinutes, zone) ?? written,
  );
}

type DateField = (date: CalendarDate, epochSeconds: number, offsetMinutes: number, zone: string) => string;

function padded(number: number): string {
  return number < 10 ? ` ${number}` : String(number);
}

function hour12(date: CalendarDate): number {
  return date.hour % 12 === 0 ? 12 : date.hour % 12;
}

/** ISO 8601 year and week of a date. */
function isoWeek(date: CalendarDate): { year: number; week: number } {
  const weekday = (date.weekday + 6) % 7;
  const week = Math.floor((date.yearDay - weekday + 10) / 7);
  if (week < 1) return { year: date.year - 1, week: isoWeeks(date.year - 1) };
  return week > isoWeeks(date.year) ? { year: date.year + 1, week: 1 } : { year: date.year, week };
}

/** A year has 53 weeks when it begins or ends on a Thursday. */
function isoWeeks(year: number): number {
  const first = (daysBeforeYear(year) + 4 + 7 * 1e6) % 7;
  const last = (daysBeforeYear(year + 1) + 3 + 7 * 1e6) % 7;
  return first === 4 || last === 4 ? 53 : 52;
}

const time24: DateField = (date) => `${two(date.hour)}:${two(date.minute)}:${two(date.second)}`;
const dateUs: DateField = (date) => `${two(date.month + 1)}/${two(date.day)}/${two(date.year % 100)}`;

const DATE_FIELDS: Readonly<Record<string, DateField>> = {
  '%': () => '%',
  a: (date) => WEEKDAYS[date.weekday].slice(0, 3),
  A: (date) => WEEKDAYS[date.weekday],
  b: (date) => MONTHS[date.month].slice(0, 3),
  B: (date) => MONTHS[date.month],
  c: (date, ...rest) =>
    `${WEEKDAYS[date.weekday].slice(0, 3)} ${MONTHS[date.month].slice(0, 3)} ${padded(date.day)} ${time24(date, ...rest)} ${date.year}`,
  C: (date) => two(Math.floor(date.year / 100)),
  d: (date) => two(date.day),
  D: dateUs,
  e: (date) => padded(date.day),
  F: (date) => `${date.year}-${two(date.month + 1)}-${two(date.day)}`,
  g: (date) => two(isoWeek(date).year % 100),
  G: (date) => String(isoWeek(date).year),
  h: (date) => MONTHS[date.month].slice(0, 3),
  H: (date) => two(date.hour),
  I: (date) => two(hour12(date)),
  j: (date) => three(date.yearDay + 1),
  k: (date) => padded(date.hour),
  l: (date) => padded(hour12(date)),
  m: (date) => two(date.month + 1),
  M: (date) => two(date.minute),
  n: () => '\n',
  p: (date) => (date.hour < 12 ? 'AM' : 'PM'),
  P: (date) => (date.hour < 12 ? 'am' : 'pm'),
  r: (date) => `${two(hour12(date))}:${two(date.minute)}:${two(date.second)} ${date.hour < 12 ? 'AM' : 'PM'}`,
  R: (date) => `${two(date.hour)}:${two(date.minute)}`,
  s: (_, epochSeconds) => String(epochSeconds),
  S: (date) => two(date.second),
  t: () => '\t',
  T: time24,
  u: (date) => String(date.weekday === 0 ? 7 : date.weekday),
  U: (date) => two(Math.floor((date.yearDay + 7 - date.weekday) / 7)),
  V: (date) => two(isoWeek(date).week),
  w: (date) => String(date.weekday),
  W: (date) => two(Math.floor((date.yearDay + 7 - ((date.weekday + 6) % 7)) / 7)),
  x: dateUs,
  X: time24,
  y: (date) => two(date.year % 100),
  Y: (date) => String(date.year),
  z: (_, __, offsetMinutes) => zoneText(offsetMinutes),
  Z: (_, __, ___, zone) => zone,
};
