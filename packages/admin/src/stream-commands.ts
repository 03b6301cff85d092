/**
 * `show sess`, `shutdown session`, `shutdown sessions server` (management manual, section 9.3). Each thread is asked for its own
 * streams, a bounded number at a time; one that does not answer holds nobody up. Lines have the fields of HAProxy 2.6, in its
 * order; those that tell of its inside (flags, analysers, tasks) are empty or 0.
 */

import { threadOfStream } from '@evenkeel/proxy/main';
import type { EndFacts, StreamFacts } from '@evenkeel/proxy';
import { Stream } from './cli/command.ts';
import type { Command } from './cli/command.ts';
import { findServer } from './find-server.ts';
import type { Runtime } from './runtime.ts';

/** Streams that a thread tells of at one time: more at once is no quicker, and requests wait for it. */
const PAGE = 100;

export const showSess: Command = {
  words: ['show', 'sess'],
  parameters: '[id]',
  help: 'report the list of current sessions or dump this exact session',
  level: 'operator',
  async run({ runtime }, [word]) {
    // What HAProxy takes the number for.
    if (word === 'all' || word === '-1') return new Stream(allStreams(runtime, dump));
    const number = word === undefined ? undefined : streamId(word);
    // As on HAProxy, a word that is no number asks for nothing in particular.
    if (number === undefined) return new Stream(allStreams(runtime, line));
    const [found] = await runtime.ask({ type: 'stream', number }, threadOfStream(number));
    return found?.answer === undefined ? 'Session not found.\n' : dump(found.answer);
  },
};

export const shutdownSession: Command = {
  words: ['shutdown', 'session'],
  parameters: '[id]',
  help: 'kill a specific session',
  level: 'admin',
  isSilent: true,
  async run({ runtime }, [word]) {
    const number = word === undefined ? undefined : streamId(word);
    if (number === undefined) return "Session pointer expected (use 'show sess').\n";
    const [ended] = await runtime.ask({ type: 'end-stream', number }, threadOfStream(number));
    return ended?.answer === true ? '' : "No such session (use 'show sess').\n";
  },
};

export const shutdownSessionsServer: Command = {
  words: ['shutdown', 'sessions', 'server'],
  parameters: '<bk>/<srv>',
  help: 'kill sessions on a server',
  level: 'admin',
  isSilent: true,
  async run(context, [name]) {
    const found = findServer(context, name);
    if ('fault' in found) return found.fault;
    await context.runtime.ask({ type: 'end-server-streams', serverSlot: found.slot });
    return '';
  },
};

/** `0x…` as `show sess` prints it, or a plain number; undefined for any other word. */
function streamId(word: string): number | undefined {
  if (!/^(?:0x[0-9a-f]{1,13}|\d{1,15})$/i.test(word)) return undefined;
  const number = Number(word);
  return number > 0 && Number.isSafeInteger(number) ? number : undefined;
}

/** The newest of each thread first, up to those that were there when it was asked. */
async function* allStreams(runtime: Runtime, print: (facts: StreamFacts) => string): AsyncGenerator<string> {
  let pages = await runtime.ask({ type: 'streams', below: Infinity, most: PAGE });
  while (pages.length > 0) {
    const further: { readonly thread: number; readonly below: number }[] = [];
    for (const { thread, answer } of pages) {
      yield answer.map(print).join('');
      const last = answer.at(-1);
      if (last !== undefined && answer.length === PAGE) further.push({ thread, below: last.number });
    }
    const asked = further.map(
      async ({ thread, below }) => await runtime.ask({ type: 'streams', below, most: PAGE }, thread),
    );
    pages = (await Promise.all(asked)).flat();
  }
}

function line(facts: StreamFacts): string {
  const { backend, server, frontend, source, retries, requests, descriptor, serverEnds, unsentBytes } = facts;
  const words = [
    `${idText(facts)}:`,
    `proto=${protocolText(source)}`,
    `src=${endText(source)}`,
    `fe=${frontend.name}`,
    `be=${backend?.name ?? '<NONE>'}`,
    `srv=${server?.name ?? '<none>'}`,
    'ts=00',
    'epoch=0',
    `age=${ageText(facts.ageMs)}`,
    `calls=${Math.max(1, requests)}`,
    'rate=0 cpu=0 lat=0',
    'rq[f=0h,i=0,an=00h,rx=,wx=,ax=]',
    `rp[f=0h,i=${unsentBytes},an=00h,rx=,wx=,ax=]`,
    `scf=[8,0h,fd=${descriptor}]`,
    `scb=[8,1h,fd=${serverEnds?.descriptor ?? -1}]`,
    `exp= rc=${retries} c_exp=`,
  ];
  return `${words.join(' ')}\n`;
}

function dump(facts: StreamFacts): string {
  const { backend, server, frontend, source, destination, serverEnds } = facts;
  const local = serverEnds === undefined ? '' : ` addr=${endText(serverEnds.local)}`;
  const request = facts.request === undefined ? '' : ` requests=${facts.requests} request=${printable(facts.request)}`;
  const status = facts.status < 0 ? '' : ` status=${facts.status}`;
  return (
    `${idText(facts)}: [${dateText(facts.acceptDateMs)}] id=${facts.requestNumber} proto=${protocolText(source)} source=${endText(source)}\n` +
    `  flags=0x0, conn_retries=${facts.retries}, conn_exp=<NEVER> conn_et=0x000 srv_conn=(nil), pend_pos=(nil) waiting=${facts.phase === 'queue' ? 1 : 0} epoch=0\n` +
    `  frontend=${frontend.name} (id=${frontend.id} mode=${frontend.mode}), listener=? (id=${facts.listenerId}) addr=${endText(destination)}\n` +
    `  backend=${backend === undefined ? '<NONE> (id=-1 mode=-)' : `${backend.name} (id=${backend.id} mode=${backend.mode})${local}`}\n` +
    `  server=${server === undefined ? '<NONE> (id=-1)' : `${server.name} (id=${server.id}) addr=${server.address}`}\n` +
    `  phase=${facts.phase} age=${ageText(facts.ageMs)}${request}${status}\n` +
    `  client fd=${facts.descriptor} in=${facts.bytesIn} out=${facts.bytesOut} unsent=${facts.unsentBytes}\n` +
    `  server fd=${serverEnds?.descriptor ?? -1}\n`
  );
}

const idText = ({ number }: StreamFacts): string => `0x${number.toString(16)}`;

const PROTOCOLS = { 0: 'unix_stream', 4: 'tcpv4', 6: 'tcpv6' } as const;

const protocolText = ({ family }: EndFacts): string => PROTOCOLS[family];

const endText = ({ address, port, family }: EndFacts): string => (family === 0 ? 'unix:1' : `${address}:${port}`);

/** What a client sent is no text of ours: bytes that a terminal would obey are told by their numbers. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** The two largest units: `5s`, `1m5s`, `2h3m`, `1d4h`. */
function ageText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = units.findIndex(([count]) => count > 0);
  if (first < 0) return '0s';
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join('');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `24/Nov/2026:00:37:02.419000`, local time. */
function dateText(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  const fraction = String(date.getMilliseconds() * 1000).padStart(6, '0');
  return `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}:${time}.${fraction}`;
}
