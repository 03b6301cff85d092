/**
 * What health checks find: one backend with one server for each case, all in one daemon, and what `show stat` says of the first
 * check of each, beside what the server was sent. The same cases run on HAProxy and on evenkeel, and are compared.
 */

import type { Socket } from 'node:net';
import { Daemon, freePorts, until, type StatRow } from './daemon.ts';
import { RawServer } from './http.ts';

/**
 * The longest time of a check, and the time between two: far more than any answer takes on a busy machine, so that only a server
 * that is to time out does, and the first check of each server is over and noted before the second begins.
 */
export const CHECK_LIMIT_MS = 3000;

/** What a server does with a connection; `nth` counts its connections from 0, `log` keeps what it was sent. */
export type Serve = (socket: Socket, nth: number) => void;

export interface CheckCase {
  readonly name: string;
  /** Lines of the backend; PORT, PORT2 and CLOSED stand for the server's ports and for one where nobody listens, SELF for its name. */
  readonly rules: readonly string[];
  /** Behind `server s 127.0.0.1:PORT check`. */
  readonly options?: string;
  /** In place of `127.0.0.1:PORT`. */
  readonly address?: string;
  readonly serve: Serve;
  /** Columns to look at beside the status, the code and the text of the check. */
  readonly columns?: readonly string[];
}

export interface Finding {
  readonly status: string;
  readonly code: string;
  readonly text: string;
  /** latin1, what each connection of the first check carried to the server. */
  readonly sent: readonly string[];
  readonly columns: readonly string[];
  /** The reason of its line "Server … is DOWN" or "is stopping"; '' without. */
  readonly reason: string;
}

interface Scene {
  readonly check: CheckCase;
  readonly servers: readonly RawServer[];
  readonly closed: number;
  readonly sent: string[];
}

/** Runs all cases on this program and on the real one, side by side: most of the time passes in waiting for time-outs. */
export async function compareFindings(
  cases: readonly CheckCase[],
): Promise<{ readonly ours: Map<string, Finding>; readonly theirs: Map<string, Finding> }> {
  const [ours, theirs] = await Promise.all([
    checkFindings(cases, undefined),
    checkFindings(cases, '/usr/sbin/haproxy'),
  ]);
  return { ours, theirs };
}

/** Runs all cases in one daemon. `program` as in `Daemon.start`. */
export async function checkFindings(
  cases: readonly CheckCase[],
  program: string | undefined,
  global = '',
): Promise<Map<string, Finding>> {
  await using stack = new AsyncDisposableStack();
  const scenes: Omit<Scene, 'closed'>[] = [];
  for (const check of cases) {
    const sent: string[] = [];
    let connections = 0;
    const serve = (socket: Socket): void => {
      const nth = connections++;
      sent[nth] = '';
      socket.on('data', (chunk) => (sent[nth] += chunk.toString('latin1')));
      check.serve(socket, nth);
    };
    const servers = [await RawServer.start(serve), await RawServer.start(serve)];
    for (const server of servers) stack.defer(async () => await server.stop());
    scenes.push({ check, servers, sent });
  }
  // After all servers, so that none of them takes a port where nobody is to listen.
  const [port, closed] = await freePorts(2);
  return await findingsOf(
    stack,
    scenes.map((scene) => ({ ...scene, closed })),
    port,
    program,
    global,
  );
}

async function findingsOf(
  stack: AsyncDisposableStack,
  scenes: readonly Scene[],
  port: number,
  program: string | undefined,
  global: string,
): Promise<Map<string, Finding>> {
  const daemon = stack.use(await Daemon.start(configuration(scenes, port, global), daemonOptions(port, program)));
  /** What `show stat` said, until what the server was sent is known too. */
  const verdicts = new Map<string, StatRow>();
  const findings = new Map<string, Finding>();
  await until(
    'every server was checked',
    async () => {
      for (const row of await daemon.statistics()) {
        const scene = scenes[Number(/^b(\d+)$/.exec(row['pxname'])?.[1] ?? -1)];
        if (scene === undefined || row['svname'] !== 's' || findings.has(scene.check.name)) continue;
        const verdict = verdicts.get(scene.check.name);
        if (verdict !== undefined) {
          // The check is over, and what it sent has come as soon as the server has seen the end of its connections.
          if (scene.servers.every(({ connections }) => connections === 0))
            findings.set(scene.check.name, findingOf(verdict, scene));
          continue;
        }
        const status = row['check_status'];
        // While a check runs, code and words of the last one are gone.
        if (status !== 'INI' && !status.startsWith('*')) verdicts.set(scene.check.name, row);
      }
      return findings.size === scenes.length;
    },
    40_000,
  );
  await until('every line is written', () => {
    for (const [index, scene] of scenes.entries()) {
      const finding = findings.get(scene.check.name)!;
      const reason = reasonOf(daemon.output, index);
      findings.set(scene.check.name, { ...finding, reason: withoutPorts(reason, scene) });
    }
    return [...findings.values()].every(({ status, reason }) => GOOD.has(status) || reason !== '');
  });
  return findings;
}

function findingOf(verdict: StatRow, scene: Scene): Finding {
  return {
    status: verdict['check_status'],
    code: verdict['check_code'],
    text: withoutPorts(verdict['last_chk'], scene),
    sent: scene.sent
      .slice(0, connections(scene.check))
      .filter((text) => text !== '')
      .map((text) => withoutPorts(text, scene)),
    reason: '',
    columns: (scene.check.columns ?? []).map((column) => verdict[column] ?? ''),
  };
}

const GOOD: ReadonlySet<string> = new Set(['L4OK', 'L6OK', 'L7OK', 'PROCOK', 'CHECKED', 'UNK']);

/** What the first line about a change of the server gives as the reason, without the time that it took. */
function reasonOf(output: string, index: number): string {
  const line = new RegExp(`Server b${index}/s is (DOWN|stopping), reason: (.*?), check duration: \\d+ms`);
  return line.exec(output)?.[2] ?? '';
}

/** How many connections one check makes: another check may be under way already. */
function connections({ rules }: CheckCase): number {
  return Math.max(1, rules.filter((rule) => rule.includes('-check connect')).length);
}

function daemonOptions(port: number, program: string | undefined): Parameters<typeof Daemon.start>[1] {
  return program === undefined ? { port } : { port, program };
}

function configuration(scenes: readonly Scene[], port: number, global: string): string {
  const backends = scenes.map((scene, index) => {
    const { check } = scene;
    const { address = '127.0.0.1:PORT', options = '' } = check;
    const lines = [...check.rules, `server s ${address} check inter ${CHECK_LIMIT_MS}ms rise 1 fall 1 ${options}`];
    return withPorts(`backend b${index}\n  ${lines.join('\n  ')}\n`, scene).replaceAll('SELF', `b${index}`);
  });
  return `global
  stats socket FOLDER/admin.sock level admin
  max-spread-checks 1ms
  ${global}
defaults
  mode http
  timeout connect 10s
  timeout client 2s
  timeout server 2s
listen alive
  bind 127.0.0.1:${port}
${backends.join('')}`;
}

function withPorts(text: string, { servers, closed }: Scene): string {
  return text
    .replaceAll('PORT2', String(servers[1].port))
    .replaceAll('PORT', String(servers[0].port))
    .replaceAll('CLOSED', String(closed));
}

/** A proxy that closes sets no errno: the real program names the one that an earlier call has left, if any. */
const STALE_ERRNO = /(SOCKS4 Proxy read error during handshake) \([^)]*\)/;

function withoutPorts(text: string, { servers, closed }: Scene): string {
  return text
    .replaceAll(String(servers[1].port), 'PORT2')
    .replaceAll(String(servers[0].port), 'PORT')
    .replaceAll(String(closed), 'CLOSED')
    .replace(/(PROXY TCP4 \S+ \S+) \d+ /, '$1 EPHEMERAL ')
    .replace(STALE_ERRNO, '$1');
}
