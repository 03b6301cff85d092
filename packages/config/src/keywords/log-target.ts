/** `log ADDRESS …` of the global section and of proxies (manual sections 3.1 and 4.2 "log"). */

import { parseAddress } from '../address.ts';
import type { Cursor } from '../cursor.ts';
import type { Mutable, ParseState } from '../draft.ts';
import type { Address, LogTarget } from '../model.ts';
import { nearestWord } from '../nearest.ts';
import { readAddressWord } from './readers.ts';

const FACILITIES = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'auth2',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'cron2',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const;

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;

const FORMATS = ['local', 'rfc3164', 'rfc5424', 'priority', 'short', 'timed', 'iso', 'raw'] as const;

const SYSLOG_PORT = 514;

/** Reads what follows `log`, up to the end of the line; `missing` is what is said of too short a one. `len`, `format` and `sample` come in this order, as in HAProxy. */
export function readLogTarget(cursor: Cursor, state: ParseState, missing: string): LogTarget {
  const at = cursor.position(0);
  const destination = readDestination(cursor, state, missing);
  const length = cursor.take('len') ? readLength(cursor) : 1024;
  const explicitFormat = cursor.take('format');
  const format = explicitFormat
    ? cursor.oneOf('log format', FORMATS, (word) => `log : unknown log format '${word}'`)
    : 'local';
  const sample = cursor.take('sample') ? readSample(cursor) : undefined;
  if (cursor.atEnd) cursor.fail(missing, { expected: 'a facility, as local0' });
  const facility = readName(cursor, FACILITIES, 'log facility');
  const level = cursor.atEnd ? 7 : readName(cursor, LEVELS, 'optional log level');
  const minLevel = cursor.atEnd ? 0 : readName(cursor, LEVELS, 'optional minimum log level');
  const extra = cursor.peek();
  if (extra !== undefined && extra !== '')
    cursor.fail(`log : cannot handle unexpected argument '${extra}'`, { expected: 'the end of the line' });

  const target: Mutable<LogTarget> = { at, destination, length, format, sample, facility, level, minLevel };
  if (!explicitFormat) {
    // Manual 3.1: "log-send-hostname" switches the default format, wherever it stands.
    state.whenComplete(() => {
      if (state.global.logSendHostname !== undefined) target.format = 'rfc3164';
    });
  }
  return target;
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

function readDestination(cursor: Cursor, state: ParseState, missing: string): LogTarget['destination'] {
  const word = cursor.peek() ?? '';
  if (word === '') cursor.fail(missing, { expected: 'an address' });
  if (cursor.take('stdout')) return { kind: 'stdout' };
  if (cursor.take('stderr')) return { kind: 'stderr' };
  if (word.startsWith('ring@')) {
    cursor.fail("log : 'ring@' is not supported by this version: sections 'ring' are not available.", {
      expected: 'stdout, stderr, fd@, a path or a host',
    });
  }
  if (/^(?:tcp[46]?|stream\+\w+|uxst)@/.test(word)) {
    cursor.fail(
      `log : '${word}' is not supported by this version: syslog goes over UDP, a Unix socket or a descriptor.`,
    );
  }
  const result = parseAddress(readAddressWord(cursor, state), {
    port: 'optional',
    fd: true,
    datagram: true,
    zeroPort: true,
  });
  if (!result.ok) cursor.failLast(`log : ${result.reason}`, { expected: 'an address, a path, stdout, stderr or fd@N' });
  return toDestination(cursor, result.address);
}

function toDestination(cursor: Cursor, address: Address): LogTarget['destination'] {
  switch (address.kind) {
    case 'unix':
      return { kind: 'unix', path: address.path };
    case 'fd':
      return { kind: 'fd', fd: address.fd };
    case 'inet':
      return {
        kind: 'udp',
        host: address.host === '*' ? '0.0.0.0' : address.host,
        port: address.port?.first ?? SYSLOG_PORT,
      };
    case 'abstract':
      return cursor.failLast("log : 'abns@' is not supported by this version: give the socket a path.", {
        expected: 'a path, as /dev/log',
      });
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
