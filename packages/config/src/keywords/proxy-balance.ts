/** Manual section 4.2: how a backend chooses servers and what it does when one fails. */

import type { Cursor } from '../cursor.ts';
import { describeKind, type ProxyContext } from '../draft.ts';
import { parseExpression } from '../expressions/index.ts';
import type { Keyword } from '../keyword.ts';
import type { Balance, HashType } from '../model.ts';
import { announce } from '../dispatch.ts';
import { nearestWord } from '../nearest.ts';
import { BACKEND_SIDE } from './readers.ts';
import { readSource } from './server-addresses.ts';

const BALANCE_USAGE =
  "balance only supports 'roundrobin', 'static-rr', 'leastconn', 'source', 'uri', 'url_param', 'hdr(name)' and 'rdp-cookie(name)' options.";

const ALGORITHM_NAMES = [
  'roundrobin',
  'static-rr',
  'leastconn',
  'first',
  'source',
  'uri',
  'url_param',
  'hdr',
  'random',
  'rdp-cookie',
  'hash',
] as const;

/** Words that HAProxy ignores behind the arguments are ignored here too. */
function readBalance(cursor: Cursor, context: ProxyContext): void {
  context.draft.balance = readAlgorithm(cursor, context);
}

function readAlgorithm(cursor: Cursor, context: ProxyContext): Balance {
  const word = cursor.next() ?? '';
  switch (word) {
    // HAProxy takes a lone `balance` for the default.
    case '':
    case 'roundrobin':
      return { algorithm: 'roundrobin' };
    case 'static-rr':
    case 'leastconn':
    case 'first':
    case 'source':
      return { algorithm: word };
    case 'uri':
      return readUri(cursor);
    case 'url_param':
      return readUrlParam(cursor);
    case 'hash':
      return readHash(cursor, context);
    default:
      return readCall(cursor, word);
  }
}

function readHash(cursor: Cursor, { draft, scope }: ProxyContext): Balance {
  if (cursor.atEnd) cursor.fail('balance hash requires a sample expression.', { expected: 'a sample expression' });
  const text = cursor.peek()!;
  const owner = `${describeKind(draft.kind)} '${draft.name}'`;
  const expression = parseExpression(
    cursor,
    scope('use-server'),
    (message) => `${owner}: failed to parse 'balance hash' expression '${text}' in : ${message}.`,
  );
  if (!cursor.atEnd) {
    cursor.next();
    cursor.failLast(`balance hash takes no other argument (got '${cursor.line.words[cursor.index - 1]}').`, {
      expected: 'the end of the line, or a comma and a converter',
    });
  }
  return { algorithm: 'hash', expression };
}

function readUri(cursor: Cursor): Balance {
  let whole = false;
  let pathOnly = false;
  let length: number | undefined;
  let depth: number | undefined;
  while (!cursor.atEnd) {
    const word = cursor.next()!;
    if (word === 'whole') whole = true;
    else if (word === 'path-only') pathOnly = true;
    else if (word === 'len') length = readPositive(cursor, 'len');
    else if (word === 'depth') depth = readPositive(cursor, 'depth');
    else
      cursor.failLast(`balance uri only accepts parameters 'len', 'depth', 'path-only', and 'whole' (got '${word}').`, {
        expected: "'len', 'depth', 'path-only' or 'whole'",
      });
  }
  return { algorithm: 'uri', whole, pathOnly, length, depth };
}

function readPositive(cursor: Cursor, name: string): number {
  return cursor.integer('a positive integer', {
    min: 1,
    message: (word) => `balance uri : '${name}' expects a positive integer (got '${word}').`,
  });
}

function readUrlParam(cursor: Cursor): Balance {
  const name = cursor.word('a parameter name', 'balance url_param requires an URL parameter name.');
  if (cursor.atEnd) return { algorithm: 'url_param', name, checkPost: false };
  const word = cursor.next()!;
  if (word !== 'check_post')
    cursor.failLast(`balance url_param only accepts 'check_post' modifier (got '${word}').`, {
      expected: "'check_post'",
    });
  // What follows was the longest wait once, which HAProxy 2.6 ignores, whatever it is (manual, "balance").
  return { algorithm: 'url_param', name, checkPost: true };
}

/** `hdr(name)`, `random[(draws)]` and `rdp-cookie[(name)]`. */
function readCall(cursor: Cursor, word: string): Balance {
  const match = /^(hdr|random|rdp-cookie)(?:\((.*)\))?$/.exec(word);
  const argument = match?.[2];
  if (word.startsWith('hdr(') && (argument === undefined || argument === ''))
    cursor.failLast('balance hdr requires an http header field name.', { expected: 'hdr(NAME)' });
  if (match?.[1] === 'hdr' && argument !== undefined) {
    const modifier = cursor.next();
    if (modifier !== undefined && modifier !== 'use_domain_only') {
      cursor.failLast(`balance ${word} only accepts 'use_domain_only' modifier (got '${modifier}').`, {
        expected: "'use_domain_only'",
      });
    }
    return { algorithm: 'hdr', name: argument.toLowerCase(), useDomainOnly: modifier !== undefined };
  }
  if (match?.[1] === 'random') {
    if (argument === undefined || argument === '') return { algorithm: 'random', draws: 2 };
    const unexpected = /^-?\d*(.)/.exec(argument.replace(/^-?\d+$/, ''))?.[1];
    if (unexpected !== undefined)
      cursor.failLast(`balance random : unexpected character '${unexpected}' after argument.`, {
        expected: 'random or random(DRAWS)',
      });
    if (Number(argument) < 1)
      cursor.failLast('balance random : number of draws must be at least 1.', { expected: 'random(N)' });
    return { algorithm: 'random', draws: Number(argument) };
  }
  if (word.startsWith('rdp-cookie(') && (argument === undefined || argument === ''))
    cursor.failLast('balance rdp-cookie : missing cookie name.', { expected: 'rdp-cookie or rdp-cookie(NAME)' });
  if (match?.[1] === 'rdp-cookie') {
    return { algorithm: 'rdp-cookie', name: argument ?? 'mstshash' };
  }
  const nearest = nearestWord(word, ALGORITHM_NAMES);
  return cursor.failLast(BALANCE_USAGE, { expected: 'an algorithm', nearest });
}

const HASH_FUNCTIONS = ['sdbm', 'djb2', 'crc32', 'wt6'] as const;

function readHashType(cursor: Cursor, { draft }: ProxyContext): void {
  const method = cursor.oneOf(
    'method',
    ['map-based', 'consistent'],
    "'hash-type' only supports 'consistent' and 'map-based'.",
  );
  const named = !cursor.atEnd;
  const hashFunction = named
    ? cursor.oneOf(
        'function',
        HASH_FUNCTIONS,
        "'hash-type' only supports 'sdbm', 'djb2', 'crc32', or 'wt6' hash functions.",
      )
    : 'sdbm';
  if (!cursor.atEnd)
    cursor.oneOf('modifier', ['avalanche'], "'hash-type' only supports 'avalanche' as a modifier for hash functions.");
  const avalanche = cursor.line.words.at(-1) === 'avalanche' || (!named && method === 'consistent');
  const type: HashType = { method, function: hashFunction, avalanche };
  draft.hashType = type;
}

const RETRY_EVENTS = [
  'none',
  'conn-failure',
  'empty-response',
  'junk-response',
  'response-timeout',
  '0rtt-rejected',
  '401',
  '403',
  '404',
  '408',
  '425',
  '500',
  '501',
  '502',
  '503',
  '504',
  'all-retryable-errors',
] as const;

function readRetryOn(cursor: Cursor, { draft, state }: ProxyContext): void {
  if (cursor.atEnd)
    cursor.fail("'retry-on' needs at least one keyword to specify when to retry", {
      expected: RETRY_EVENTS.join(', '),
    });
  const events: string[] = [];
  while (!cursor.atEnd)
    events.push(cursor.oneOf('event', RETRY_EVENTS, (word) => `'retry-on': unknown keyword '${word}'`));
  if (events.includes('none') && events.length > 1)
    cursor.failAt(1, "'retry-on' 'none' keyworld only usable alone", { remedy: "leave 'none' or the others out" });
  const index = events.indexOf('0rtt-rejected');
  if (index >= 0) {
    announce(
      cursor,
      {
        name: 'retry-on 0rtt-rejected',
        state: 'accepted',
        manual: '4.2',
        reason: 'no request is sent to servers as early data, so none can be rejected as such',
      },
      index + 1,
      state.noted,
    );
  }
  draft.retryOn = events;
}

/** `option redispatch [interval]`: negative counts from the last retry, which is the default. */
function readRedispatch(cursor: Cursor, { draft }: ProxyContext): void {
  if (cursor.prefix !== undefined) {
    draft.redispatch = undefined;
    cursor.end();
    return;
  }
  const interval = cursor.atEnd
    ? -1
    : cursor.integer('an interval', {
        message: (word) => `'option redispatch' expects an integer interval (got '${word}').`,
      });
  draft.redispatch = interval === 0 ? undefined : interval;
  cursor.end();
}

/** `persist rdp-cookie[(NAME)]`. */
function readPersist(cursor: Cursor, { draft }: ProxyContext): void {
  const name = /^rdp-cookie(?:\((.+)\))?$/.exec(cursor.line.words[cursor.index - 1]);
  if (name === null)
    cursor.failLast("persist rdp-cookie(name)' requires an rdp cookie name.", {
      expected: 'rdp-cookie or rdp-cookie(NAME)',
    });
  cursor.end();
  draft.persistRdpCookie = name[1] ?? 'msts';
}

const REUSE_MODES = ['never', 'safe', 'aggressive', 'always'] as const;

export const proxyBalanceKeywords: readonly Keyword<ProxyContext>[] = [
  { name: 'balance', places: BACKEND_SIDE, state: 'works', manual: '4.2', parse: readBalance },
  { name: 'persist rdp-cookie', places: BACKEND_SIDE, state: 'works', manual: '4.2', parse: readPersist },
  { name: 'hash-type', places: BACKEND_SIDE, state: 'works', manual: '4.2', parse: readHashType },
  {
    name: 'hash-balance-factor',
    places: BACKEND_SIDE,
    state: 'works',
    manual: '4.2',
    parse: (cursor, { draft }) => {
      const value = cursor.integer('an integer', {
        min: 0,
        message: "'hash-balance-factor' expects an integer argument.",
      });
      if (value !== 0 && value <= 100)
        cursor.failLast("'hash-balance-factor' must be 0 or greater than 100.", { expected: '0, or from 101 on' });
      draft.hashBalanceFactor = value;
    },
  },
  {
    name: 'http-reuse',
    places: BACKEND_SIDE,
    state: 'works',
    manual: '4.2',
    parse: (cursor, { draft }) => {
      const mode = cursor.oneOf(
        'mode',
        REUSE_MODES,
        "'http-reuse' only supports 'never', 'safe', 'aggressive', 'always'.",
      );
      cursor.keyword = `http-reuse ${mode}`;
      cursor.end();
      draft.httpReuse = mode;
    },
  },
  {
    name: 'max-keep-alive-queue',
    places: BACKEND_SIDE,
    state: 'works',
    manual: '4.2',
    parse: (cursor, { draft }) => {
      draft.maxKeepAliveQueue = cursor.integer('an integer', {
        message: (word) =>
          word === ''
            ? "'max-keep-alive-queue' expects expects an integer value (or -1 to disable)"
            : `'max-keep-alive-queue' : unexpected character '${/[^0-9]/.exec(word)?.[0] ?? word}' in integer value '${word}'`,
      });
      cursor.end();
    },
  },
  {
    name: 'max-session-srv-conns',
    places: BACKEND_SIDE,
    state: 'works',
    manual: '4.2',
    parse: (cursor, { draft }) => {
      draft.maxSessionSrvConns = cursor.integer('a number', {
        min: 0,
        message: "'max-session-srv-conns' expects a number. Got no argument",
      });
      cursor.end();
    },
  },
  {
    name: 'option redispatch',
    places: BACKEND_SIDE,
    negatable: true,
    state: 'works',
    manual: '4.2',
    parse: readRedispatch,
  },
  {
    name: 'retries',
    places: BACKEND_SIDE,
    state: 'works',
    manual: '4.2',
    parse: (cursor, { draft }) => {
      draft.retries = cursor.integer('an integer', {
        min: 0,
        message: "'retries' expects an integer argument (dispatch counts for one).",
      });
      cursor.end();
    },
  },
  { name: 'retry-on', places: BACKEND_SIDE, misplaced: 'alert', state: 'works', manual: '4.2', parse: readRetryOn },
  {
    name: 'source',
    places: BACKEND_SIDE,
    state: 'works',
    manual: '4.2',
    parse: (cursor, { draft, state }) => {
      const usage = "'source' expects <addr>[:<port>], and optionally 'usesrc' <addr>, and 'interface' <name>.";
      draft.source = readSource(cursor, state, usage, 'proxy');
      if (!cursor.atEnd)
        cursor.fail("'source' only supports optional keywords 'interface' and 'usesrc'.", {
          expected: "'interface' or 'usesrc'",
        });
    },
  },
  {
    name: 'http-send-name-header',
    places: BACKEND_SIDE,
    state: 'works',
    manual: '4.2',
    parse: (cursor, { draft }) => {
      draft.httpSendNameHeader = cursor
        .word('a header name', "'http-send-name-header' requires a header string.")
        .toLowerCase();
      cursor.end();
    },
  },
];
