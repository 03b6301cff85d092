/** Manual section 3.1: process management and security. */

import type { Cursor } from '../cursor.ts';
import type { GlobalContext, GlobalDraft } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import { isRepeated, readUserId } from './readers.ts';

const GLOBAL = ['global'] as const;

type Parse = NonNullable<Keyword<GlobalContext>['parse']>;
type TextField = { [K in keyof GlobalDraft]: GlobalDraft[K] extends string | undefined ? K : never }[keyof GlobalDraft];

/** One word that may be given once. */
function text(field: TextField, what: string, message: string): Parse {
  return (cursor, { draft }) => {
    const value = cursor.word(what, message);
    cursor.end();
    if (!isRepeated(cursor, draft[field])) draft[field] = value;
  };
}

function flag(field: 'daemon' | 'externalCheck' | 'insecureForkWanted' | 'strictLimits'): Parse {
  return (cursor, { draft }) => {
    cursor.end();
    draft[field] = cursor.prefix !== 'no';
  };
}

function readOwner(kind: 'user' | 'group'): Parse {
  const idField = kind === 'user' ? 'uid' : 'gid';
  return (cursor, { draft, state }) => {
    const { name, id } = readUserId(cursor, state, kind, (word) => `cannot find ${kind} id for '${word}' (0:Success)`);
    cursor.end();
    if (draft[idField] !== undefined && draft[kind] !== name) {
      cursor.diagnostics.warning(`${kind}/${idField} already specified. Continuing.`, cursor.position(0), {
        length: kind.length,
      });
      return;
    }
    draft[kind] = name;
    draft[idField] = id;
  };
}

function readOwnerId(field: 'uid' | 'gid', name: 'user' | 'group'): Parse {
  return (cursor, { draft }) => {
    const value = cursor.integer('a numeric id', { min: 0 });
    cursor.end();
    if (draft[field] !== undefined) {
      cursor.diagnostics.warning(`${name}/${field} already specified. Continuing.`, cursor.position(0), {
        length: field.length,
      });
      return;
    }
    draft[field] = value;
  };
}

const NODE_NAME =
  "'node' requires valid node name - non-empty string with digits(0-9), letters(A-Z, a-z), dot(.), hyphen(-) or underscode(_).";

function readNode(cursor: Cursor, { draft }: GlobalContext): void {
  cursor.form = 'tight';
  const name = cursor.word('a node name', NODE_NAME);
  if (!/^[A-Za-z0-9._-]+$/.test(name)) cursor.failLast(NODE_NAME);
  cursor.form = 'parsing';
  cursor.end();
  draft.node = name;
}

function readDescription(cursor: Cursor, { draft }: GlobalContext): void {
  const words = cursor.rest();
  if (words.length === 0 || words[0] === '')
    cursor.failAt(1, "'description' expects a string argument.", { form: 'tight' });
  draft.description = words.join(' ');
}

/** Also sets HAPROXY_LOCALPEER, as the manual says. */
function readLocalPeer(cursor: Cursor, { draft, state }: GlobalContext): void {
  draft.localpeer = cursor.word('a name', "'localpeer' expects a name as an argument.");
  cursor.end();
  state.env.set('HAPROXY_LOCALPEER', draft.localpeer);
}

function readTime(field: 'hardStopAfterMs' | 'graceMs'): Parse {
  return (cursor, { draft }) => {
    const keyword = cursor.keyword;
    if (cursor.atEnd) cursor.fail(`'${keyword}' expects <time> as argument.`, { expected: 'a time' });
    draft[field] = cursor.time('a time', {
      message: (word) => `unexpected character '${/[^0-9]/.exec(word)?.[0] ?? ''}' in argument to <${keyword}>.`,
    });
    cursor.end();
  };
}

function directory(field: 'caBase' | 'crtBase'): Parse {
  return (cursor, { draft }) => {
    const value = cursor.word(
      'a directory path',
      `global statement '${cursor.keyword}' expects a directory path as an argument.`,
    );
    cursor.end();
    if (draft[field] !== undefined) {
      cursor.failAt(0, `'${cursor.keyword}' already specified.`, { remedy: 'leave one of the two out' });
    }
    draft[field] = value;
  };
}

/** `<from> <to>`: names that differ only in case; duplicates are refused. */
function readCaseAdjust(cursor: Cursor, { draft }: GlobalContext): void {
  const message = "'h1-case-adjust' expects <from> and <to> as argument.";
  const from = cursor.word('a header name in lower case', message);
  const to = cursor.word('the name in the wanted case', message);
  cursor.end();
  const fault = addCaseAdjust(draft, from, to);
  if (fault !== undefined) cursor.failAt(1, fault, { length: from.length });
}

function addCaseAdjust(draft: GlobalDraft, from: string, to: string): string | undefined {
  if (from.toLowerCase() !== to.toLowerCase()) return '<from> and <to> must not differ execpt the case';
  const name = from.toLowerCase();
  if (Object.hasOwn(draft.h1CaseAdjust, name)) return `duplicate entry '${from}'`;
  draft.h1CaseAdjust[name] = to;
  return undefined;
}

/** A file of `from to` lines; of repeated keywords the last counts, so files are read at the end. */
function readCaseAdjustFile(cursor: Cursor, { draft, state }: GlobalContext): void {
  const path = cursor.word('a file', "'h1-case-adjust-file' expects <file> as argument.");
  const at = cursor.lastPosition();
  cursor.end();
  const answer = state.host.readFile(path);
  if (!answer.ok) {
    cursor.failLast(`h1-headers-case-adjust-file '${path}': failed to open file.`, { form: 'plain' });
  }
  let number = 0;
  for (const raw of answer.value.split('\n')) {
    number++;
    const line = raw.replace(/^[\t ]+|[\t \r]+$/g, '');
    if (line === '' || line.startsWith('#')) continue;
    const [from, to, ...more] = line.split(/[\t ]+/);
    const fault = to === undefined || more.length > 0 ? 'two names expected' : addCaseAdjust(draft, from, to);
    if (fault !== undefined) {
      state.diagnostics.alert(`h1-headers-case-adjust-file '${path}': ${fault} at line ${number}.`, at, {
        form: 'plain',
        length: path.length,
      });
    }
  }
}

function readNbthread(cursor: Cursor, { draft }: GlobalContext): void {
  const word = cursor.next() ?? '';
  if (!/^[+-]?\d+$/.test(word)) {
    cursor.failLast(`'nbthread' passed a missing or unparsable integer value in '${word}'`, {
      expected: 'an integer from 1 to 64',
    });
  }
  const value = Number(word);
  if (value < 1 || value > MAX_THREADS) {
    cursor.failLast(`'nbthread' value must be between 1 and ${MAX_THREADS} (was ${word})`, {
      expected: `an integer from 1 to ${MAX_THREADS}`,
    });
  }
  cursor.end();
  draft.nbthread = value;
}

/** HAProxy's limit on 64-bit machines. */
const MAX_THREADS = 64;

function readMasterWorker(cursor: Cursor, { draft }: GlobalContext): void {
  const word = cursor.next();
  if (word !== undefined && word !== 'no-exit-on-failure') {
    cursor.failLast("'master-worker' only supports 'no-exit-on-failure' option.", { expected: "'no-exit-on-failure'" });
  }
  draft.masterWorker = true;
}

/** `ssl-default-*`: kept as words for the TLS layer. */
function sslWords(what: string): Parse {
  return (cursor, { draft }) => {
    const { keyword } = cursor;
    const message = `global statement '${keyword}' expects ${what} as an argument.`;
    const value = cursor.word(what, message);
    cursor.end();
    draft.sslDefaults[keyword] = [value];
  };
}

const SSL_VERSIONS = ['SSLv3', 'TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
const SSL_FLAGS = new Set([
  'no-sslv3',
  'no-tlsv10',
  'no-tlsv11',
  'no-tlsv12',
  'no-tlsv13',
  'no-tls-tickets',
  'force-sslv3',
  'force-tlsv10',
  'force-tlsv11',
  'force-tlsv12',
  'force-tlsv13',
  'prefer-client-ciphers',
  'allow-0rtt',
  'strict-sni',
  'generate-certificates',
]);

function readSslOptions(cursor: Cursor, { draft }: GlobalContext): void {
  const { keyword } = cursor;
  if (cursor.atEnd)
    cursor.fail(`global statement '${keyword}' expects an option as an argument.`, { expected: 'an option' });
  const words: string[] = [];
  while (!cursor.atEnd) {
    const option = cursor.word('an option');
    words.push(option);
    if (option === 'ssl-min-ver' || option === 'ssl-max-ver') {
      const version = cursor.word(
        'a version',
        `'${option}' : missing the ssl/tls version on global statement '${keyword}'.`,
      );
      if (!(SSL_VERSIONS as readonly string[]).includes(version)) {
        cursor.failLast(`'${version}' : unknown ssl/tls version on global statement '${keyword}'.`, {
          expected: SSL_VERSIONS.join(', '),
        });
      }
      words.push(version);
    } else if (!SSL_FLAGS.has(option)) {
      cursor.failLast(`unknown option '${option}' on global statement '${keyword}'.`, {
        expected: [...SSL_FLAGS, 'ssl-min-ver', 'ssl-max-ver'].join(', '),
      });
    }
  }
  draft.sslDefaults[keyword] = [...(draft.sslDefaults[keyword] ?? []), ...words];
}

/** Files of distributions set them for everybody; what needs them says so where it stands. */
const TLS_DEFAULTS = "it speaks of TLS, and 'ssl' on a bind or server line is an error";

export const globalProcessKeywords: readonly Keyword<GlobalContext>[] = [
  {
    name: 'ca-base',
    places: GLOBAL,
    state: 'accepted',
    severity: 'quiet',
    manual: '3.1',
    reason: TLS_DEFAULTS,
    parse: directory('caBase'),
  },
  {
    name: 'crt-base',
    places: GLOBAL,
    state: 'accepted',
    severity: 'quiet',
    manual: '3.1',
    reason: TLS_DEFAULTS,
    parse: directory('crtBase'),
  },
  {
    name: 'chroot',
    places: GLOBAL,
    state: 'accepted',
    manual: '3.1',
    reason: 'reloads and certificates need the file system, and the process gives up its privileges instead',
    parse: text('chroot', 'a directory', "'chroot' expects a directory as an argument."),
  },
  { name: 'daemon', places: GLOBAL, state: 'works', manual: '3.1', parse: flag('daemon') },
  { name: 'description', places: GLOBAL, state: 'works', manual: '3.1', parse: readDescription },
  { name: 'external-check', places: GLOBAL, state: 'works', manual: '3.1', parse: flag('externalCheck') },
  { name: 'gid', places: GLOBAL, state: 'works', manual: '3.1', parse: readOwnerId('gid', 'group') },
  {
    name: 'grace',
    places: GLOBAL,
    state: 'works',
    manual: '3.1',
    parse: readTime('graceMs'),
  },
  { name: 'group', places: GLOBAL, state: 'works', manual: '3.1', parse: readOwner('group') },
  { name: 'h1-case-adjust', places: GLOBAL, state: 'works', manual: '3.1', parse: readCaseAdjust },
  { name: 'h1-case-adjust-file', places: GLOBAL, state: 'works', manual: '3.1', parse: readCaseAdjustFile },
  { name: 'hard-stop-after', places: GLOBAL, state: 'works', manual: '3.1', parse: readTime('hardStopAfterMs') },
  {
    name: 'insecure-fork-wanted',
    places: GLOBAL,
    negatable: true,
    state: 'accepted',
    manual: '3.1',
    severity: 'quiet',
    reason: 'starting programs is never forbidden here',
    parse: flag('insecureForkWanted'),
  },
  { name: 'localpeer', places: GLOBAL, state: 'works', manual: '3.1', parse: readLocalPeer },
  { name: 'master-worker', places: GLOBAL, state: 'works', manual: '3.1', parse: readMasterWorker },
  {
    name: 'nbproc',
    places: GLOBAL,
    state: 'refused',
    manual: '3.1',
    message:
      'nbproc is not supported any more since HAProxy 2.5. Threads will automatically be used on multi-processor machines if available.',
    reason: "use 'nbthread'",
  },
  { name: 'nbthread', places: GLOBAL, state: 'works', manual: '3.1', parse: readNbthread },
  { name: 'node', places: GLOBAL, state: 'works', manual: '3.1', parse: readNode },
  {
    name: 'pidfile',
    places: GLOBAL,
    state: 'works',
    manual: '3.1',
    parse: text('pidfile', 'a file name', "'pidfile' expects a file name as an argument."),
  },
  {
    name: 'ssl-default-bind-ciphers',
    places: GLOBAL,
    state: 'accepted',
    severity: 'quiet',
    manual: '3.1',
    reason: TLS_DEFAULTS,
    parse: sslWords('a cipher suite'),
  },
  {
    name: 'ssl-default-bind-ciphersuites',
    places: GLOBAL,
    state: 'accepted',
    severity: 'quiet',
    manual: '3.1',
    reason: TLS_DEFAULTS,
    parse: sslWords('a cipher suite'),
  },
  {
    name: 'ssl-default-bind-curves',
    places: GLOBAL,
    state: 'accepted',
    severity: 'quiet',
    manual: '3.1',
    reason: TLS_DEFAULTS,
    parse: sslWords('a curves suite'),
  },
  {
    name: 'ssl-default-bind-options',
    places: GLOBAL,
    state: 'accepted',
    severity: 'quiet',
    manual: '3.1',
    reason: TLS_DEFAULTS,
    parse: readSslOptions,
  },
  {
    name: 'ssl-default-server-ciphers',
    places: GLOBAL,
    state: 'accepted',
    severity: 'quiet',
    manual: '3.1',
    reason: TLS_DEFAULTS,
    parse: sslWords('a cipher suite'),
  },
  {
    name: 'ssl-default-server-ciphersuites',
    places: GLOBAL,
    state: 'accepted',
    severity: 'quiet',
    manual: '3.1',
    reason: TLS_DEFAULTS,
    parse: sslWords('a cipher suite'),
  },
  {
    name: 'ssl-default-server-options',
    places: GLOBAL,
    state: 'accepted',
    severity: 'quiet',
    manual: '3.1',
    reason: TLS_DEFAULTS,
    parse: readSslOptions,
  },
  {
    name: 'ssl-server-verify',
    places: GLOBAL,
    state: 'accepted',
    severity: 'quiet',
    manual: '3.1',
    reason: TLS_DEFAULTS,
    parse: (cursor, { draft }) => {
      const value = cursor.oneOf(
        'value',
        ['none', 'required'],
        "'ssl-server-verify' expects 'none' or 'required' as argument.",
      );
      cursor.end();
      draft.sslDefaults['ssl-server-verify'] = [value];
    },
  },
  {
    name: 'strict-limits',
    places: GLOBAL,
    negatable: true,
    state: 'works',
    manual: '3.1',
    parse: flag('strictLimits'),
  },
  { name: 'uid', places: GLOBAL, state: 'works', manual: '3.1', parse: readOwnerId('uid', 'user') },
  {
    name: 'ulimit-n',
    places: GLOBAL,
    state: 'works',
    manual: '3.1',
    parse: (cursor, { draft }) => {
      const value = cursor.integer('an integer', { min: 0, message: "'ulimit-n' expects an integer argument." });
      cursor.end();
      if (!isRepeated(cursor, draft.ulimitN)) draft.ulimitN = value;
    },
  },
  { name: 'user', places: GLOBAL, state: 'works', manual: '3.1', parse: readOwner('user') },
];
