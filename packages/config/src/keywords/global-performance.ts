/** Manual section 3.2: limits and tuning. `tune.*` that only matter to HAProxy's own internals are declared elsewhere. */

import type { Cursor } from '../cursor.ts';
import type { GlobalContext, GlobalDraft } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import type { CpuMap, Tune } from '../model.ts';
import { isRepeated } from './readers.ts';

const GLOBAL = ['global'] as const;

type Parse = NonNullable<Keyword<GlobalContext>['parse']>;
type LimitField = 'maxconn' | 'maxconnrate' | 'maxsessrate' | 'maxsslconn' | 'maxsslrate' | 'maxpipes';

/** A number that may be given once. */
function limit(field: LimitField): Parse {
  return (cursor, { draft }) => {
    const value = cursor.integer('an integer', { min: 0, message: `'${cursor.keyword}' expects an integer argument.` });
    cursor.end();
    if (!isRepeated(cursor, draft[field])) draft[field] = value;
  };
}

type TuneField = { [K in keyof Tune]-?: Tune[K] extends number | undefined ? K : never }[keyof Tune];

function tune(field: TuneField, min: number, max = 0x7fffffff, complaint?: string): Parse {
  return (cursor, { draft }) => {
    const expects = `'${cursor.keyword}' expects ${complaint ?? 'an integer argument.'}`;
    draft.tune[field] = cursor.integer('an integer', { min, max, message: expects });
    cursor.end();
  };
}

/** Socket buffer sizes: given once, and above zero. */
function socketBuffer(field: 'rcvbufClient' | 'rcvbufServer' | 'sndbufClient' | 'sndbufServer'): Parse {
  return (cursor, { draft }) => {
    const value = cursor.size('a size', `'${cursor.keyword}' expects an integer argument.`);
    cursor.end();
    if (!isRepeated(cursor, draft.tune[field])) draft.tune[field] = value === 0 ? undefined : value;
  };
}

/** `tune.bufsize` takes bytes, also with a suffix; it must hold a head and what is written in front of it. */
function readBufsize(cursor: Cursor, { draft, state }: GlobalContext): void {
  const message = (word: string): string =>
    `'tune.bufsize' expects ${word === '' ? 'an' : 'a positive'} integer argument.`;
  draft.tune.bufsize = cursor.size('a size', message);
  const at = cursor.lastPosition();
  cursor.end();
  if (draft.tune.bufsize === 0) cursor.failAt(1, message('0'));
  const { bufsize } = draft.tune;
  if (bufsize < MIN_BUFSIZE) {
    state.diagnostics.alert(`'tune.bufsize' must be at least ${MIN_BUFSIZE}: the built-in answers must fit.`, at, {
      expected: `at least ${MIN_BUFSIZE}`,
    });
  }
}

/** HAProxy refuses buffers into which its own error messages do not fit; ours are of the same size. */
const MIN_BUFSIZE = 1024;

function readIdleTimer(cursor: Cursor, { draft }: GlobalContext): void {
  cursor.form = 'parsing';
  draft.tune.idleTimerMs = cursor.time('a timer value', {
    maxMs: 65535,
    message: (word) =>
      /^\d/.test(word)
        ? "'tune.idletimer' expects a timer value between 0 and 65535 ms."
        : `unexpected character '${word[0] ?? ''}' in argument to <tune.idletimer>.`,
  });
  cursor.end();
}

function readSpreadChecks(cursor: Cursor, { draft }: GlobalContext): void {
  cursor.form = 'tight';
  const message = (word: string): string =>
    word === ''
      ? "'spread-checks' expects an integer argument (0..50)."
      : "'spread-checks' needs a positive value in range 0..50.";
  draft.spreadChecksPercent = cursor.integer('a percentage', { min: 0, max: 50, message });
  cursor.end();
}

function readMaxSpreadChecks(cursor: Cursor, { draft }: GlobalContext): void {
  cursor.form = 'tight';
  draft.maxSpreadChecksMs = cursor.time('a delay', {
    message: (word) =>
      word === ''
        ? "'max-spread-checks' expects an integer argument (delay in milliseconds)."
        : `unsupported character '${/[^0-9]/.exec(word)?.[0] ?? ''}' in 'max-spread-checks' (wants an integer delay).`,
  });
  cursor.end();
}

function stateText(field: 'serverStateBase' | 'serverStateFile', what: string): Parse {
  return (cursor, { draft }: { draft: GlobalDraft }) => {
    const value = cursor.word(what, `'${cursor.keyword}' expects one argument: ${what}.`);
    cursor.end();
    if (!isRepeated(cursor, draft[field])) draft[field] = value;
  };
}

/** `persist-runtime [<path>]` and `no persist-runtime`, our own: whether what is changed at run time lasts, and where it lies. */
function readPersistRuntime(cursor: Cursor, { draft }: GlobalContext): void {
  const path = cursor.atEnd ? undefined : cursor.word('a file or a folder');
  if (path !== undefined && cursor.prefix !== undefined)
    cursor.failLast(`'${cursor.prefix} persist-runtime' expects no argument.`, { remedy: 'leave the path out' });
  cursor.end();
  draft.persistRuntime = { enabled: cursor.prefix !== 'no', path };
}

const CPU_MAP_USAGE =
  "cpu-map expects a process number  ('all', 'odd', 'even', a number from 1 to 64 or a range),  " +
  'followed by a list of CPU ranges with numbers from 0 to 63.';

/** HAProxy's limits on 64-bit machines. */
const MAX_THREADS = 64;

/** `[auto:]<thread-group>[/<thread-set>] <cpu-set>…` */
function readCpuMap(cursor: Cursor, { draft }: GlobalContext): void {
  const word = cursor.word('a thread set', CPU_MAP_USAGE);
  const auto = word.startsWith('auto:');
  const [group, threadText] = (auto ? word.slice(5) : word).split('/') as [string, string | undefined];
  numberSet(cursor, group, 1, MAX_THREADS, 'cpu-map : ');
  const threads = threadText === undefined ? [] : numberSet(cursor, threadText, 1, MAX_THREADS, 'cpu-map : ');
  if (cursor.atEnd) cursor.fail(CPU_MAP_USAGE, { expected: 'a CPU number or range' });
  const cpus: number[] = [];
  while (!cursor.atEnd) {
    const set = cursor.word('a CPU set');
    const match = /^(\d+)(?:-(\d*))?$/.exec(set);
    if (match === null)
      cursor.failLast(`cpu-map : '${set}' is not a CPU range.`, { expected: 'a number or a range, as 0-3' });
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : match[2] === '' ? MAX_CPU : Math.min(MAX_CPU, Number(match[2]));
    for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu);
  }
  if (auto && threads.length !== cpus.length) {
    cursor.failAt(1, 'cpu-map : PROC/THREAD range and CPU sets must have the same size to be automatically bound', {
      remedy: "give as many CPUs as threads, or leave 'auto:' out",
    });
  }
  const map: CpuMap = { processes: group, threads, cpus, auto };
  draft.cpuMap.push(map);
}

/** Highest CPU number; more would be a slip of the pen. */
const MAX_CPU = 1023;

/** `all`, `odd`, `even`, N, N- or N-M as numbers. Shared with `thread` of `bind`. */
export function numberSet(cursor: Cursor, text: string, first: number, last: number, start: string): number[] {
  const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  if (text === 'all') return all;
  if (text === 'odd') return all.filter((number) => number % 2 === 1);
  if (text === 'even') return all.filter((number) => number % 2 === 0);
  const match = /^(\d+)(?:-(\d*))?$/.exec(text);
  if (match === null)
    return cursor.failLast(`${start}'${text}' is not a valid number/range.`, {
      expected: `all, odd, even, or numbers from ${first} to ${last}`,
    });
  const low = Number(match[1]);
  const high = match[2] === undefined ? low : match[2] === '' ? last : Number(match[2]);
  if (low < first || high > last || high < low) {
    return cursor.failLast(
      `${start}'${text}' is not a valid number/range. It supports numbers from ${first} to ${last}.`,
    );
  }
  return all.filter((number) => number >= low && number <= high);
}

export const globalPerformanceKeywords: readonly Keyword<GlobalContext>[] = [
  { name: 'cpu-map', places: GLOBAL, state: 'works', manual: '3.1', parse: readCpuMap },
  { name: 'max-spread-checks', places: GLOBAL, state: 'works', manual: '3.2', parse: readMaxSpreadChecks },
  { name: 'maxconn', places: GLOBAL, state: 'works', manual: '3.2', parse: limit('maxconn') },
  { name: 'maxconnrate', places: GLOBAL, state: 'works', manual: '3.2', parse: limit('maxconnrate') },
  {
    name: 'maxpipes',
    places: GLOBAL,
    state: 'accepted',
    manual: '3.2',
    reason: 'data is not spliced through pipes',
    parse: limit('maxpipes'),
  },
  { name: 'maxsessrate', places: GLOBAL, state: 'works', manual: '3.2', parse: limit('maxsessrate') },
  {
    name: 'maxsslconn',
    places: GLOBAL,
    state: 'later',
    manual: '3.2',
    reason: 'TLS is not available',
    parse: limit('maxsslconn'),
  },
  {
    name: 'maxsslrate',
    places: GLOBAL,
    state: 'later',
    manual: '3.2',
    reason: 'TLS is not available',
    parse: limit('maxsslrate'),
  },
  {
    name: 'persist-runtime',
    places: GLOBAL,
    negatable: true,
    state: 'works',
    manual: '3.2',
    parse: readPersistRuntime,
  },
  {
    name: 'server-state-base',
    places: GLOBAL,
    state: 'works',
    manual: '3.2',
    parse: stateText('serverStateBase', 'a directory path'),
  },
  {
    name: 'server-state-file',
    places: GLOBAL,
    state: 'works',
    manual: '3.2',
    parse: stateText('serverStateFile', 'a file path'),
  },
  { name: 'spread-checks', places: GLOBAL, state: 'works', manual: '3.2', parse: readSpreadChecks },
  { name: 'tune.bufsize', places: GLOBAL, state: 'works', manual: '3.2', parse: readBufsize },
  { name: 'tune.http.cookielen', places: GLOBAL, state: 'works', manual: '3.2', parse: tune('httpCookielen', 0) },
  { name: 'tune.http.logurilen', places: GLOBAL, state: 'works', manual: '3.2', parse: tune('httpLogurilen', 0) },
  {
    name: 'tune.http.maxhdr',
    places: GLOBAL,
    state: 'works',
    manual: '3.2',
    parse: tune('httpMaxhdr', 1, 32767, 'a numeric value between 1 and 32767'),
  },
  {
    name: 'tune.idletimer',
    places: GLOBAL,
    state: 'accepted',
    manual: '3.2',
    reason: 'idle streams are not treated differently',
    parse: readIdleTimer,
  },
  {
    name: 'tune.maxaccept',
    places: GLOBAL,
    state: 'accepted',
    manual: '3.2',
    reason: 'the event loop decides how many connections it takes at once',
    parse: tune('maxaccept', -1),
  },
  {
    name: 'tune.maxrewrite',
    places: GLOBAL,
    state: 'works',
    manual: '3.2',
    parse: tune('maxrewrite', 0, 0x7fffffff, 'a positive integer argument.'),
  },
  {
    name: 'tune.pool-high-fd-ratio',
    places: GLOBAL,
    state: 'works',
    manual: '3.2',
    parse: tune('poolHighFdRatio', 0, 100, 'an integer argument between 0 and 100.'),
  },
  {
    name: 'tune.pool-low-fd-ratio',
    places: GLOBAL,
    state: 'works',
    manual: '3.2',
    parse: tune('poolLowFdRatio', 0, 100, 'an integer argument between 0 and 100.'),
  },
  { name: 'tune.rcvbuf.client', places: GLOBAL, state: 'works', manual: '3.2', parse: socketBuffer('rcvbufClient') },
  { name: 'tune.rcvbuf.server', places: GLOBAL, state: 'works', manual: '3.2', parse: socketBuffer('rcvbufServer') },
  { name: 'tune.sndbuf.client', places: GLOBAL, state: 'works', manual: '3.2', parse: socketBuffer('sndbufClient') },
  { name: 'tune.sndbuf.server', places: GLOBAL, state: 'works', manual: '3.2', parse: socketBuffer('sndbufServer') },
];
