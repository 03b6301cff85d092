/**
 * The journal's text: a line with the version, then one line for all that one command changed, in order, with a checksum in front:
 *
 *     evenkeel-runtime 1
 *     5c1f2a09 [{"set":{"object":{"kind":"server","name":"web/s1"},"field":"weight","file":"10","value":"50",…}}]
 *     0b7d11e3 [{"drop":{"object":{"kind":"server","name":"web/s1"},"field":"weight"}}]
 *
 * Each line stands for itself: it says the whole state of the fields that it names. So what a crash cut off at the end costs only
 * the command that was being kept, whole, and a damaged line in the middle only itself; nothing is believed whose checksum
 * is wrong. Lines hold only ASCII. Pure.
 */

import { crc32 } from 'node:zlib';
import type { ChangedObject, ObjectKind, Override } from './change.ts';
import { Overrides, type Effect } from './overrides.ts';

const VERSION = 1;
export const HEAD = `evenkeel-runtime ${VERSION}\n`;

/** One line: all of it is there later, or nothing. */
export function encodeEffects(effects: readonly Effect[]): string {
  return line(
    effects.map(({ type, override }) =>
      type === 'set' ? { set: override } : { drop: { object: override.object, field: override.field } },
    ),
  );
}

/** A whole journal that says no more than what is so. */
export function encodeAll(overrides: Iterable<Override>): string {
  let text = HEAD;
  for (const override of overrides) text += encodeEffects([{ type: 'set', override }]);
  return text;
}

function line(records: readonly object[]): string {
  const text = JSON.stringify(records).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${checksum(text)} ${text}\n`;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

export type Decoded =
  | {
      readonly type: 'journal';
      readonly overrides: Overrides;
      /** Lines, whatever became of them. */
      readonly lines: number;
      /** Bytes behind the last line feed: what a crash interrupted. */
      readonly tornBytes: number;
      /** Lines that are not what was written. */
      readonly damaged: number;
    }
  /** Nothing was ever written. */
  | { readonly type: 'empty' }
  /** Of another version; `version` is what it calls itself. */
  | { readonly type: 'other-version'; readonly version: string }
  /** Not a journal at all. */
  | { readonly type: 'foreign' };

/** `text`: latin1. Never throws. */
export function decode(text: string): Decoded {
  if (text === '') return { type: 'empty' };
  const end = text.indexOf('\n');
  const head = text.slice(0, end < 0 ? undefined : end + 1);
  if (head !== HEAD) {
    // The very first write may have been cut.
    if (end < 0 && HEAD.startsWith(head)) return { type: 'empty' };
    const version = /^evenkeel-runtime (\d{1,9})\n$/.exec(head)?.[1];
    if (version !== undefined) return { type: 'other-version', version };
    // A damaged first line costs no more than any other, where what follows are lines of a journal.
    if (!hasRecord(text)) return { type: 'foreign' };
  }
  const overrides = new Overrides();
  let lines = 0;
  let damaged = head === HEAD ? 0 : 1;
  let at = head.length;
  for (let next = text.indexOf('\n', at); next >= 0; at = next + 1, next = text.indexOf('\n', at)) {
    lines++;
    const records = decodeLine(text.slice(at, next));
    if (records === undefined) damaged++;
    for (const record of records ?? []) {
      if ('set' in record) overrides.put(record.set);
      else overrides.drop(record.drop.object, record.drop.field);
    }
  }
  return { type: 'journal', overrides, lines, tornBytes: text.length - at, damaged };
}

function hasRecord(text: string): boolean {
  return text.split('\n', 1000).some((one) => decodeLine(one) !== undefined);
}

type JournalRecord =
  | { readonly set: Override }
  | { readonly drop: { readonly object: ChangedObject; readonly field: string } };

function decodeLine(text: string): readonly JournalRecord[] | undefined {
  const body = text.slice(9);
  if (text[8] !== ' ' || text.slice(0, 8) !== checksum(body)) return undefined;
  try {
    const values: unknown = JSON.parse(body);
    if (!Array.isArray(values)) return undefined;
    const records = values.map(readRecord);
    return records.includes(undefined) ? undefined : (records as JournalRecord[]);
  } catch {
    return undefined;
  }
}

/** A checksum that is right does not say who wrote it. */
function readRecord(value: unknown): JournalRecord | undefined {
  if (!isObject(value)) return undefined;
  const { set, drop } = value;
  const place = readPlace(set ?? drop);
  if (place === undefined) return undefined;
  if (set === undefined) return { drop: place };
  if (!isObject(set)) return undefined;
  const { file, value: runtime, sinceMs, by } = set;
  if (typeof file !== 'string' || typeof runtime !== 'string' || typeof by !== 'string') return undefined;
  if (typeof sinceMs !== 'number' || !(sinceMs >= 0 && sinceMs <= MAX_DATE_MS)) return undefined;
  return { set: { ...place, file, value: runtime, sinceMs, by } };
}

/** Of ECMAScript's dates. */
const MAX_DATE_MS = 8.64e15;

function readPlace(value: unknown): { readonly object: ChangedObject; readonly field: string } | undefined {
  if (!isObject(value)) return undefined;
  const { object, field } = value;
  if (!isObject(object)) return undefined;
  const { kind, name } = object;
  if (typeof kind !== 'string' || typeof name !== 'string' || typeof field !== 'string') return undefined;
  // A kind that only a newer version knows is kept for it, as its fields are.
  return { object: { kind: kind as ObjectKind, name }, field };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
