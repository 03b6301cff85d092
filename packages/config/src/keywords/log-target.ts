/** `log ADDRESS …` of the global section and of proxies (manual sections 3.1 and 4.2 "log"). */

import { parseAddress } from '../address.ts';
import type { Cursor } from '../cursor.ts';
import type { Mutable, ParseState, RingDraft, ServerDraft } from '../draft.ts';
import { initialServer } from '../initial.ts';
import type { Address, LogFormatName, LogTarget, PortRange } from '../model.ts';
import { nearestWord } from '../nearest.ts';
import { BUILT_IN_SINKS, implicitName, initialRing } from '../sections/ring.ts';
import { SYSLOG_FACILITIES, SYSLOG_LEVELS } from '../syslog.ts';
import { readAddressWord } from './readers.ts';

/** Those of HAProxy, then our own. */
export const LOG_FORMATS = [
  'local',
  'rfc3164',
  'rfc5424',
  'priority',
  'short',
  'timed',
  'iso',
  'raw',
  'json',
] as const satisfies readonly LogFormatName[];

const SYSLOG_PORT = 514;

/** Reads what follows `log`, up to the end of the line, of the global section or of the proxy `owner`; `missing` is what is said of too short a one. `len`, `format` and `sample` come in this order, as in HAProxy. */
export function readLogTarget(cursor: Cursor, state: ParseState, missing: string, owner?: string): LogTarget {
  const at = cursor.position(0);
  const { destination, ring } = readDestination(cursor, state, missing, owner);
  const length = cursor.take('len') ? readLength(cursor) : 1024;
  const explicitFormat = cursor.take('format');
  const format = explicitFormat
    ? cursor.oneOf('log format', LOG_FORMATS, (word) => `log : unknown log format '${word}'`)
    : 'local';
  const sample = cursor.take('sample') ? readSample(cursor) : undefined;
  if (cursor.atEnd) cursor.fail(missing, { expected: 'a facility, as local0' });
  const facility = readName(cursor, SYSLOG_FACILITIES, 'log facility');
  const level = cursor.atEnd ? 7 : readName(cursor, SYSLOG_LEVELS, 'optional log level');
  const minLevel = cursor.atEnd ? 0 : readName(cursor, SYSLOG_LEVELS, 'optional minimum log level');
  const extra = cursor.peek();
  if (extra !== undefined && extra !== '')
    cursor.fail(`log : cannot handle unexpected argument '${extra}'`, { expected: 'the end of the line' });

  const target: Mutable<LogTarget> = { at, destination, length, format, sample, facility, level, minLevel };
  state.whenComplete(() => {
    // Manual 3.1: "log-send-hostname" switches the default format, wherever it stands.
    if (!explicitFormat && state.global.logSendHostname !== undefined) target.format = 'rfc3164';
    if (ring !== undefined) ring.format = target.format;
  });
  return target;
}

/** A target, and the ring that was made for it where it is reached over a stream. */
interface Destination {
  readonly destination: LogTarget['destination'];
  readonly ring?: RingDraft;
}

function readName(cursor: Cursor, names: readonly string[], what: string): number {
  const word = cursor.word(what);
  const index = names.indexOf(word);
  if (index < 0)
    cursor.failLast(`log : unknown ${what} '${word}'`, {
      nearest: nearestWord(word, names),
      expected: names.join(', '),
    });
  return index;
}

function readDestination(cursor: Cursor, state: ParseState, missing: string, owner: string | undefined): Destination {
  const word = cursor.peek() ?? '';
  if (word === '') cursor.fail(missing, { expected: 'an address' });
  if (cursor.take('stdout')) return { destination: { kind: 'stdout' } };
  if (cursor.take('stderr')) return { destination: { kind: 'stderr' } };
  if (word.startsWith('ring@')) return { destination: readRingName(cursor, state, owner) };
  const text = readAddressWord(cursor, state);
  if (text.startsWith('file@')) {
    const path = text.slice('file@'.length);
    if (!path.startsWith('/'))
      cursor.failLast(`log : '${text}' : no absolute path.`, { expected: 'file@/path/to/file' });
    return { destination: { kind: 'file', path } };
  }
  if (STREAM.test(text)) return readStream(cursor, state, text);
  const result = parseAddress(text, { port: 'optional', fd: true, datagram: true, zeroPort: true });
  if (!result.ok)
    cursor.failLast(`log : ${result.reason}`, {
      expected: 'an address, a path, stdout, stderr, fd@N, file@/path or ring@NAME',
    });
  return { destination: toDestination(result.address) };
}

/** `ring@NAME`: the section may follow. */
function readRingName(cursor: Cursor, state: ParseState, owner: string | undefined): LogTarget['destination'] {
  const at = cursor.position();
  const name = cursor.next()!.slice('ring@'.length);
  const who = owner === undefined ? 'global log server declared' : `log server declared in proxy section '${owner}'`;
  state.whenComplete(() => {
    if (name === 'buf0' || state.rings.has(name)) return;
    const isKnown = (BUILT_IN_SINKS as readonly string[]).includes(name);
    state.diagnostics.alert(
      `${who} in file '${at.file}' at line ${at.line} uses ${isKnown ? 'incompatible ring' : 'unknown ring named'} '${name}'.`,
      at,
      {
        form: 'plain',
        length: name.length + 'ring@'.length,
        nearest: state.diagnostics.nearest(name, state.rings.keys()),
        remedy: isKnown ? `write '${name}' without 'ring@'` : `add a section 'ring ${name}', or name one that exists`,
      },
    );
  });
  return { kind: 'ring', name };
}

const STREAM = /^(?:tcp[46]?@|uxst@|stream\+)/;
/** What HAProxy gives a ring that no section describes. */
const STREAM_TIMEOUTS = { timeoutConnectMs: 1000, timeoutServerMs: 5000 } as const;

/** `tcp@HOST:PORT` and the like: a ring of its own with one server, as in HAProxy. */
function readStream(cursor: Cursor, state: ParseState, text: string): Destination {
  const at = cursor.position(0);
  const result = parseAddress(text, { port: 'optional', zeroPort: true });
  if (!result.ok)
    cursor.failLast(`log : ${result.reason}`, { expected: 'an address and a port, as tcp@192.0.2.1:514' });
  const { address } = result;
  const name = nextRingName(state);
  const server: ServerDraft = {
    ...initialServer(at),
    name: text.replace(/^stream\+|^[a-z0-9]+@/g, ''),
    address: address.kind === 'inet' ? { ...address, port: address.port ?? SYSLOG_PORTS } : address,
  };
  const ring: RingDraft = {
    ...initialRing(name, at, state),
    ...STREAM_TIMEOUTS,
    description: `created from logserver declared into '${at.file}' at line ${at.line}`,
    servers: [server],
  };
  state.rings.set(name, ring);
  return { destination: { kind: 'ring', name }, ring };
}

const SYSLOG_PORTS: PortRange = { first: SYSLOG_PORT, last: SYSLOG_PORT, relative: false };

/** Names that no section can have. */
function nextRingName({ rings }: ParseState): string {
  let number = 1;
  while (rings.has(implicitName(number))) number++;
  return implicitName(number);
}

function toDestination(address: Address): LogTarget['destination'] {
  switch (address.kind) {
    case 'unix':
    case 'abstract':
    case 'fd':
      return address;
    case 'inet':
      return {
        kind: 'udp',
        host: address.host === '*' ? '0.0.0.0' : address.host,
        port: address.port?.first ?? SYSLOG_PORT,
      };
  }
}

function readLength(cursor: Cursor): number {
  return cursor.integer('a length', {
    min: 80,
    max: 65535,
    message: (word) => `log : invalid log length '${word}', must be between 80 and 65535`,
  });
}

const SAMPLE = 'ranges, a colon and a size, as 1,3-5:8';

/** `<ranges>:<size>`, as `1,3-5:8`. */
function readSample(cursor: Cursor): NonNullable<LogTarget['sample']> {
  const word = cursor.word('sample ranges', 'log : Missing sample size');
  const colon = word.indexOf(':');
  if (colon < 0) cursor.failLast('log : Missing sample size', { expected: SAMPLE });
  const rangesText = word.slice(0, colon);
  const sizeText = word.slice(colon + 1);
  if (rangesText === '') cursor.failLast('log : no sampling ranges given', { expected: SAMPLE });
  const size = /^\d+$/.test(sizeText) ? Number(sizeText) : 0;
  if (size === 0)
    cursor.failLast(`log : wrong sample size '${sizeText}' for sample range '${rangesText}'`, { expected: SAMPLE });

  const ranges = rangesText
    .split(',')
    .map((text): readonly [number, number] => {
      const match = /^(\d+)(?:-(\d+))?$/.exec(text);
      const low = Number(match?.[1] ?? 0);
      const high = Number(match?.[2] ?? low);
      if (low === 0 || high < low) cursor.failLast(`log : wrong sample range '${text}'`, { expected: SAMPLE });
      return [low, high];
    })
    .sort((left, right) => left[0] - right[0]);
  for (let index = 1; index < ranges.length; index++) {
    if (ranges[index][0] <= ranges[index - 1][1]) cursor.failLast('log : ranges are overlapping', { expected: SAMPLE });
  }
  const highest = ranges.at(-1)![1];
  if (highest > size) {
    cursor.failLast(
      `log : sample size ${size} should be greater or equal to ${highest} the maximum of the high ranges limits`,
    );
  }
  return { ranges, size };
}
