/** Manual section 3.9: buffers for log lines, and the servers that they are sent on to. */

import type { Cursor } from '../cursor.ts';
import type { RingContext, ServerDraft } from '../draft.ts';
import { initialServer } from '../initial.ts';
import type { Keyword } from '../keyword.ts';
import { parseSize, parseTimeMs } from '../units.ts';
import { LOG_FORMATS } from './log-target.ts';
import { readServerLine } from './proxy-servers.ts';

const RING = ['ring'] as const;

/** A number of bytes, above zero; HAProxy has one sentence for both keywords. */
function readBytes(cursor: Cursor): number {
  const word = cursor.peek() ?? '';
  const message = `invalid size '${word}' for new sink buffer.`;
  const expected = 'a size in bytes, as 32768 or 64k';
  if (word === '') cursor.fail(message, { expected });
  cursor.next();
  const result = parseSize(word);
  if (!result.ok || result.value === 0) return cursor.failLast(message, { expected });
  return result.value;
}

function readSize(cursor: Cursor, { draft }: RingContext): void {
  const size = readBytes(cursor);
  if (draft.backingFile !== undefined)
    cursor.failAt(0, "cannot resize an already mapped file, please specify 'size' before 'backing-file'.", {
      remedy: "put 'size' before 'backing-file'",
    });
  if (size < draft.size)
    cursor.failLast(
      `ignoring new size '${size}' that is smaller than current size '${draft.size}' for ring '${draft.name}'.`,
      { expected: `at least ${draft.size}` },
    );
  draft.size = size;
  cursor.rest();
}

function readMaxlen(cursor: Cursor, { draft }: RingContext): void {
  draft.maxlen = readBytes(cursor);
  cursor.rest();
}

function readFormat(cursor: Cursor, { draft }: RingContext): void {
  draft.format = cursor.oneOf('format', LOG_FORMATS, (word) => `unknown format '${word}'.`);
  cursor.rest();
}

function readDescription(cursor: Cursor, { draft }: RingContext): void {
  const words = cursor.rest();
  if (words.length === 0) cursor.fail('missing ring description text.', { expected: 'a text' });
  draft.description = words.join(' ');
}

function readBackingFile(cursor: Cursor, { draft, state }: RingContext): void {
  const path = cursor.peek() ?? '';
  if (draft.backingFile !== undefined)
    cursor.failAt(0, `'backing-file' already specified for ring '${draft.name}' (was '${draft.backingFile}').`, {
      remedy: 'leave one of the two out',
    });
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) || '/' : '.';
  const listing = state.host.listDirectory(folder);
  if (path === '' || !listing.ok)
    cursor.fail(
      `cannot open backing-file '${path}' for ring '${draft.name}': ${listing.ok ? 'No such file or directory' : listing.reason}.`,
      { expected: 'a path in a folder that exists' },
    );
  draft.backingFile = path;
  cursor.rest();
}

function readTimeout(side: 'connect' | 'server') {
  return (cursor: Cursor, { draft }: RingContext): void => {
    const word = cursor.word('a time', `'timeout ${side}' expects <time> as argument.`);
    const result = parseTimeMs(word, 'ms');
    if (!result.ok) {
      return cursor.failLast(
        result.fault === 'overflow'
          ? `timer overflow in argument <${word}> to <timeout ${side}>, maximum value is 2147483647 ms (~24.8 days).`
          : `unexpected character '${result.character}' in argument to <timeout ${side}>.`,
        { form: 'tight', expected: 'a time, as 500ms, 5s or 2m' },
      );
    }
    if (side === 'connect') draft.timeoutConnectMs = result.value;
    else draft.timeoutServerMs = result.value;
    cursor.rest();
  };
}

/** Options that mean something for a connection that only log lines go over; every other one has no effect. */
const EFFECTIVE: ReadonlySet<keyof ServerDraft> = new Set([
  'at',
  'name',
  'address',
  'id',
  'idExplicit',
  'source',
  'tcpUserTimeoutMs',
  'logProto',
]);

/** `server NAME ADDRESS [options]`: as in a backend, for what applies. */
function readServer(cursor: Cursor, { draft, state }: RingContext): void {
  const server = readServerLine(cursor, { state, draft: draft.proxy, ring: true });
  if (server.address.kind === 'inet' && server.address.port?.relative === true)
    cursor.failAt(2, `'server ${draft.name}/${server.name}' : there is no client whose port could be added to.`, {
      form: 'place',
      expected: 'an address and a port, as 192.0.2.1:6514',
    });
  if (server.socks4 !== undefined)
    cursor.failAt(0, `'server ${draft.name}/${server.name}' : 'socks4' cannot be used on a server of a ring.`, {
      form: 'place',
      remedy: 'let a relay beside this program forward the lines, or leave the option out',
    });
  const initial = initialServer(server.at);
  const idle = (Object.keys(initial) as (keyof ServerDraft)[]).some(
    (field) => !EFFECTIVE.has(field) && JSON.stringify(server[field]) !== JSON.stringify(initial[field]),
  );
  if (idle)
    cursor.diagnostics.warning(
      `'server ${draft.name}/${server.name}' : of the options of a server only 'log-proto', 'source' and 'tcp-ut' have an effect in a ring.`,
      cursor.position(0),
      { form: 'place', length: cursor.line.words[0].length, remedy: 'leave the others out' },
    );
  draft.servers.push(server);
}

export const ringKeywords: readonly Keyword<RingContext>[] = [
  { name: 'backing-file', places: RING, state: 'works', manual: '3.9', parse: readBackingFile },
  { name: 'description', places: RING, state: 'works', manual: '3.9', parse: readDescription },
  { name: 'format', places: RING, state: 'works', manual: '3.9', parse: readFormat },
  { name: 'maxlen', places: RING, state: 'works', manual: '3.9', parse: readMaxlen },
  { name: 'server', places: RING, state: 'works', manual: '3.9', parse: readServer },
  { name: 'size', places: RING, state: 'works', manual: '3.9', parse: readSize },
  { name: 'timeout connect', places: RING, state: 'works', manual: '3.9', parse: readTimeout('connect') },
  { name: 'timeout server', places: RING, state: 'works', manual: '3.9', parse: readTimeout('server') },
];
