/** `tcp-check send…` and `http-check send` (manual 4.2). */

import type { Cursor } from '../cursor.ts';
import type { CheckHttpSend, CheckSend } from '../check-model.ts';
import type { Mutable } from '../draft.ts';
import type { Position } from '../model.ts';
import type { CheckWords } from './words.ts';

type Form = 'send' | 'send-lf' | 'send-binary' | 'send-binary-lf';

/** `tcp-check send DATA [comment TEXT]` and its forms. */
export function readSend(words: CheckWords, form: Form): CheckSend {
  const cursor: Cursor = words.cursor;
  const what = form.startsWith('send-binary') ? 'binary string' : 'string';
  const word = words.value(form, `'${what}' expects a ${form} as argument.`, `a ${what}`);
  const data = readData(words, form, word);
  let comment: string | undefined;
  for (let next = cursor.next(); next !== undefined && next !== ''; next = cursor.next()) {
    if (next !== 'comment')
      cursor.failLast(`expects 'comment' but got '${next}' as argument.`, { expected: "'comment', or the end" });
    comment = words.value('comment');
  }
  return { at: cursor.start, action: 'send', comment, data };
}

function readData(words: CheckWords, form: Form, word: string): CheckSend['data'] {
  switch (form) {
    case 'send':
      return { kind: 'bytes', bytes: word };
    case 'send-binary':
      return { kind: 'bytes', bytes: words.bytes((message) => `'${word}' invalid binary string (${message}).`) };
    case 'send-lf':
      return { kind: 'text', format: words.format() };
    case 'send-binary-lf':
      return { kind: 'hexadecimal', format: words.format() };
  }
}

export function emptyHttpSend(at: Position): Mutable<CheckHttpSend> {
  return {
    at,
    action: 'http-send',
    comment: undefined,
    method: undefined,
    uri: undefined,
    version: undefined,
    headers: [],
    body: undefined,
  };
}

/** Fields that frame the request: written by the program, and ignored where they are given. */
const FRAMING = new Set(['content-length', 'transfer-encoding']);

export function readHttpSend(words: CheckWords): Mutable<CheckHttpSend> {
  const cursor: Cursor = words.cursor;
  const send = emptyHttpSend(cursor.start);
  for (let word = cursor.next(); word !== undefined && word !== ''; word = cursor.next()) {
    switch (word) {
      case 'meth':
        send.method = words.value(word);
        break;
      case 'uri':
        send.uri = words.value(word);
        break;
      case 'uri-lf':
        words.value(word);
        send.uri = words.format();
        break;
      case 'ver':
        send.version = words.value(word);
        break;
      case 'hdr':
        readHeader(words, send);
        break;
      case 'body':
        send.body = words.value(word);
        break;
      case 'body-lf':
        words.value(word);
        send.body = words.format();
        break;
      case 'comment':
        send.comment = words.value(word);
        break;
      default:
        cursor.failLast(
          `expects 'comment', 'meth', 'uri', 'uri-lf', 'ver', 'hdr', 'body' or 'body-lf' but got '${word}' as argument.`,
          { expected: "'meth', 'uri', 'uri-lf', 'ver', 'hdr', 'body', 'body-lf' or 'comment'" },
        );
    }
  }
  return send;
}

function readHeader(words: CheckWords, send: Mutable<CheckHttpSend>): void {
  const cursor: Cursor = words.cursor;
  const name = cursor.peek();
  const value = cursor.peek(1);
  if (name === undefined || name === '' || value === undefined || value === '')
    cursor.fail("'hdr' expects <name> and <value> as arguments.", { expected: 'a name and a value' });
  const lower = name.toLowerCase();
  const host = lower === 'host' ? send.headers.find((header) => header.name === 'host') : undefined;
  if (host !== undefined) {
    const before = typeof host.value === 'string' ? host.value : host.value.text;
    cursor.fail(`'${name}' header already defined (previous value is '${before}').`, {
      remedy: "give 'Host' once",
    });
  }
  cursor.index += 2;
  if (FRAMING.has(lower)) return;
  send.headers.push({ name: lower, value: words.format(false) });
}
