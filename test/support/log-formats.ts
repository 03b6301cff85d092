/**
 * Cases of log formats: one frontend each, the same requests on each program, and the lines as they were written. Every line is
 * compared to the last byte, but for what no two runs share: dates, ports, process ids, and times that were reached.
 */

import { Daemon, freePorts, until } from './daemon.ts';
import { Peer, PeerServer } from './peer.ts';

export interface FormatCase {
  readonly name: string;
  readonly mode?: 'tcp' | 'http';
  /** Lines of the frontend, the format among them. */
  readonly frontend: readonly string[];
  readonly backend?: readonly string[];
  /** What the client sends, on connections of their own; a plain GET where nothing is said. */
  readonly requests?: readonly string[];
  /** What the server answers to each. */
  readonly answer?: string;
  /** Lines that come of it; one for each request where nothing else is said. */
  readonly lines?: number;
  /** Words behind `local0` of its `log` line, or the whole line with `log` in front. */
  readonly log?: string;
}

export const PLAIN = 'GET /path/a?b=c HTTP/1.1\r\nhost: example.org\r\n\r\n';
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nserver: test\r\n\r\nok';

/** Lines of each case, in the order in which they were asked for. */
export async function formatLines(
  cases: readonly FormatCase[],
  program: string | undefined,
  global = '',
): Promise<ReadonlyMap<string, readonly string[]>> {
  await using stack = new AsyncDisposableStack();
  const ports = await freePorts(cases.length + 1);
  const ready = ports[cases.length];
  const servers: PeerServer[] = [];
  for (const { answer = ANSWER, mode = 'http' } of cases) {
    const server = await PeerServer.start(async (peer) => {
      if (mode === 'http') await peer.until('\r\n\r\n');
      else await peer.until('x');
      peer.send(answer);
      if (mode === 'tcp') peer.end();
    });
    stack.defer(() => server.close());
    servers.push(server);
  }
  const text = cases.map((one, index) => sections(one, index, ports[index], servers[index].port)).join('');
  const daemon = stack.use(
    await Daemon.start(
      `global
  nbthread 1
  stats socket FOLDER/admin.sock level admin
  ${global}
defaults
  timeout client 30s
  timeout server 30s
  timeout connect 30s
${text}
# The last port: a thread that listens there listens to all.
frontend ready
  mode tcp
  bind 127.0.0.1:${ready}
`,
      { port: ready, ...(program === undefined ? {} : { program }) },
    ),
  );
  await until('nothing is connected', async () => (await daemon.statistic('ready', 'FRONTEND', 'scur')) === '0');
  const lines = new Map<string, readonly string[]>();
  for (const [index, one] of cases.entries()) {
    const before = own(daemon).length;
    for (const request of one.requests ?? [one.mode === 'tcp' ? 'x' : PLAIN]) {
      const count = own(daemon).length;
      const peer = await Peer.connect(ports[index]);
      peer.send(request);
      // Half a request is ended at once; everything else gets an answer.
      if (one.mode === 'tcp') await peer.gone();
      else if (request.includes('\r\n\r\n')) await peer.until('\r\n\r\n').catch(() => undefined);
      peer.end();
      await peer.gone();
      peer.socket.destroy();
      // One after the other, so that counts of connections are the same.
      if (one.lines === undefined) await until(`${one.name}: a line is logged`, () => own(daemon).length > count);
      await until(`${one.name}: the client has left`, async () => {
        return (await daemon.statistic(`f${index}`, 'FRONTEND', 'scur')) === '0';
      });
    }
    const wanted = one.lines ?? one.requests?.length ?? 1;
    await until(`${one.name}: ${wanted} lines are logged`, () => own(daemon).length >= before + wanted);
    lines.set(
      one.name,
      own(daemon)
        .slice(before)
        .map((line) => normal(line, daemon.pid, ports[index], servers[index].port)),
    );
  }
  return lines;
}

/** What it printed but for its own remarks. */
function own(daemon: Daemon): string[] {
  return daemon.output.split('\n').filter((line) => line !== '' && !/^\[(?:NOTICE|WARNING|ALERT)\]|^ {2,}/.test(line));
}

function sections(one: FormatCase, index: number, port: number, serverPort: number): string {
  const { mode = 'http', log = '', frontend, backend = [] } = one;
  const text = (lines: readonly string[]): string => lines.map((line) => `  ${line}\n`).join('');
  const target = log.startsWith('log ') ? log : `log stdout format raw local0 ${log}`;
  return (
    `frontend f${index}\n${text([`mode ${mode}`, `bind 127.0.0.1:${port}`, target, ...frontend, `default_backend b${index}`])}` +
    `backend b${index}\n${text([`mode ${mode}`, ...backend, `server s 127.0.0.1:${serverPort}`])}`
  );
}

/** Times, the client's port and, in mode http, the bytes of the standard formats, which stand there without names. */
function standard(line: string): string {
  return line
    .replace(/(127\.0\.0\.1):\d+/g, '$1:PORT')
    .replace(/( [bf]\d+\/\S+ )(-?\d+(?:\/-?\d+)+)/, (_all, head: string, times: string) => head + reached(times))
    .replace(/( ST=\d+|\/(?:N|-1) (?:\d{3}|-1)) \d+ (?=\S+ \S+ ....)/, '$1 BYTES ')
    .replace(/(\/N) [1-9]\d* (?=.. \d)/, '$1 BYTES ')
    .replace(
      /(" \d{3}) \d+ "" "" \d+ \d{3} ("\w+" "\w+" "\S+") ((?:-?\d+ ){4}\d+)(?= \S{4} )/,
      (_all, head: string, names: string, times: string) => {
        return `${head} BYTES "" "" PORT MS ${names} ${reached(times)}`;
      },
    );
}

function reached(times: string): string {
  return times.replace(/(?<!-)\b\d+/g, 'N');
}

const MONTH = '[A-Z][a-z]{2}';

/** Dates, ports and times that were reached are replaced by their names; lengths of dates stay visible by their fields. */
function normal(line: string, pid: number, port: number, serverPort: number): string {
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(4, '0');
  return standard(line)
    .replace(new RegExp(`\\d{2}/${MONTH}/\\d{4}:\\d{2}:\\d{2}:\\d{2}\\.\\d{3}`, 'g'), 'DATE.MS')
    .replace(new RegExp(`\\d{2}/${MONTH}/\\d{4}:\\d{2}:\\d{2}:\\d{2} [+-]\\d{4}`, 'g'), 'DATE ZONE')
    .replace(new RegExp(`${MONTH} [ \\d]\\d \\d{2}:\\d{2}:\\d{2}`, 'g'), 'BSDDATE')
    .replace(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}[+-]\d{2}:\d{2}/g, 'ISODATE')
    .replace(/\b(T[A-Za-z]{1,2}|cp|bp|ms)=(\+?)(?:\d+|[0-9A-F]+)(?!\S*=)/g, '$1=$2N')
    .replaceAll(String(pid), 'PID')
    .replaceAll(String(port), 'PORT')
    .replaceAll(String(serverPort), 'SERVER')
    .replaceAll(hex(pid), 'XPID')
    .replaceAll(hex(port), 'XPORT')
    .replaceAll(hex(serverPort), 'XSERVER');
}
