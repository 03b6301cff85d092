/**
 * A drill of server states: one backend section, servers that are switched, commands, and what the program says of it. The
 * same steps run on any program, so that transcripts can be compared.
 */

import { createServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { Daemon, freePorts, until, type StatRow } from './daemon.ts';

/**
 * `up`, `down`, `silent` (accepts, never answers), a status, or a status with its reason: what the listener of that name does
 * from now on. `cli` runs a command and notes its answer. `line` waits for a log line, `times` of them where their order is by
 * chance. `status` waits for the column `status` of `backend/server`, or for another, `state` notes what `show servers state`
 * and `show stat` say, `request` sends that many requests, one after the other, `start` sends them and does not wait.
 */
export type Step =
  | { readonly set: string; readonly to: string | number }
  | { readonly cli: string }
  | { readonly line: RegExp; readonly times?: number }
  | { readonly status: string; readonly is: string; readonly column?: string }
  | { readonly state: true }
  | { readonly request: number }
  | { readonly start: number };

export interface Drill {
  readonly name: string;
  /** Lines of the global section. */
  readonly global?: string;
  /** Sections; `PORT_a` stands for the port of listener `a`, `CONTROL` for one that always accepts. */
  readonly sections: string;
  readonly listeners: readonly string[];
  /** Traffic makes it act, here a moment after the request that did: how many sessions run then is left out. */
  readonly acts?: 'later';
  /** Listeners that do not accept at the start. */
  readonly down?: readonly string[];
  /** Files of the daemon's folder, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

const ON_TERMINAL = /^\[(?:WARNING|ALERT)\]\s+\(\d+\) : (?:Server|Backup Server|backend|proxy|Health|Agent) /gm;

/** While it lasts, a check that was under way may still count. */
const MAINTENANCE = 0x23;

class Switch {
  readonly port: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #status: string | number = 200;

  constructor(port: number) {
    this.port = port;
  }

  /** Ends the listener between two connections, so that the next one is refused and none is broken off. */
  async #leave(): Promise<void> {
    await until('nobody is served', async () => {
      // A turn of the loop takes in whoever waits to be accepted.
      await nextTurn();
      await nextTurn();
      if (this.#sockets.size > 0) return false;
      this.end();
      return true;
    });
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.close();
    this.#server = undefined;
  }

  async set(to: string | number): Promise<void> {
    if (to === 'down') {
      await this.#leave();
      return;
    }
    this.#status = to === 'up' ? 200 : to;
    if (this.#server !== undefined) return;
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
      if (this.#status === 'silent') return;
      socket.once('data', () =>
        socket.end(
          `HTTP/1.1 ${typeof this.#status === 'string' ? this.#status : `${this.#status} Status`}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        ),
      );
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
  }
}

/** Runs the drill on `program` and returns what it said, durations left out. */
export async function transcript(drill: Drill, program: string | undefined, threads: number): Promise<string[]> {
  const [front, ...ports] = await freePorts(drill.listeners.length + 1);
  const switches = new Map<string, Switch>();
  for (const [index, name] of drill.listeners.entries()) switches.set(name, new Switch(ports[index]));
  const told: string[] = [];
  try {
    for (const [name, listener] of switches) if (drill.down?.includes(name) !== true) await listener.set('up');
    const sections = drill.sections.replaceAll(/PORT_(\w+)/g, (_all, name: string) => String(switches.get(name)!.port));
    await using daemon = await Daemon.start(
      `global
  nbthread ${threads}
  stats socket FOLDER/admin.sock level admin
  log stdout format short local0 debug
${drill.global ?? ''}
defaults
  mode http
  log global
  timeout connect 2s
  timeout client 5s
  timeout server 2s
  timeout check 5s
frontend front
  bind 127.0.0.1:${front}
  no log
  default_backend be
${sections}
`,
      {
        ...(program === undefined ? {} : { program }),
        port: front,
        ...(drill.files === undefined ? {} : { files: drill.files }),
      },
    );
    const lines = (): string[] =>
      [...daemon.output.matchAll(/^<\d>(?:Server|Backend|Backup|backend|proxy|Proxy|Health|Agent).*$/gm)].map(
        ([line]) => normal(line, switches),
      );
    let told_ = 0;
    const take = (isSorted = false): void => {
      const all = lines();
      const fresh = all.slice(told_);
      told.push(...(isSorted ? fresh.sort() : fresh));
      told_ = all.length;
    };
    // Every line comes twice, on the terminal and, a moment later and by another thread, in the log.
    const settled = async (): Promise<void> => {
      await until('every line is logged', async () => {
        const before = daemon.output.length;
        await pause(40);
        return daemon.output.length === before && lines().length === (daemon.output.match(ON_TERMINAL)?.length ?? 0);
      });
    };
    for (const step of drill.steps) {
      if ('set' in step) await switches.get(step.set)!.set(step.to);
      else if ('cli' in step) {
        const answer = (await daemon.ask(step.cli)).trim();
        told.push(`> ${step.cli}${answer === '' ? '' : `\n${normal(answer, switches)}`}`);
      } else if ('line' in step) {
        const from = told_;
        await until(
          `${drill.name}: ${step.line.source} in\n${lines().join('\n')}`,
          () =>
            lines()
              .slice(from)
              .filter((line) => step.line.test(line)).length >= (step.times ?? 1),
        );
        await settled();
        take(step.times !== undefined);
      } else if ('status' in step) {
        const [backend, server] = step.status.split('/');
        let seen = '';
        try {
          await until(`${step.status} is ${step.is}`, async () => {
            const row = (await daemon.statistics()).find(
              (one) => one['pxname'] === backend && one['svname'] === server,
            );
            seen = row?.[step.column ?? 'status'] ?? '';
            return seen === step.is && row?.['check_status']?.endsWith('INI') !== true;
          });
        } catch (error) {
          throw new Error(`${drill.name}: ${step.status} is ${seen}, not ${step.is}; ${lines().join('\n')}`, {
            cause: error,
          });
        }
      } else if ('state' in step) {
        const statistics = (await statisticsBetweenChecks(daemon)).filter((row) => row['pxname'] !== 'front');
        const rows = (await daemon.ask('show servers state')).trim().split('\n').slice(2);
        for (const row of rows) {
          const f = row.split(' ');
          told.push(
            `= ${f[1]}/${f[3]} op ${f[5]} admin ${f[6]} weights ${f[7]} ${f[8]} check ${f[10]} ${Number(f[6]) & MAINTENANCE ? '-' : f[12]} ${Number(f[13]) & ~1}`,
          );
        }
        for (const r of statistics)
          told.push(
            `= ${r['pxname']}/${r['svname']} ${['status', 'weight', 'act', 'bck', 'chkfail', 'chkdown', 'hanafail', 'tracked', 'throttle', 'check_status', 'check_code', 'check_health'].map((c) => `${c}=${r[c] ?? ''}`).join(' ')}`,
          );
      } else if ('start' in step) {
        for (let count = 0; count < step.start; count++)
          void fetch(`http://127.0.0.1:${front}/`).catch(() => undefined);
      } else {
        for (let count = 0; count < step.request; count++) {
          const status = await fetch(`http://127.0.0.1:${front}/`).then(
            (answer) => answer.status,
            () => 0,
          );
          told.push(`request ${status}`);
        }
      }
    }
    await settled();
    take();
  } finally {
    for (const listener of switches.values()) listener.end();
  }
  return drill.acts === undefined ? told : told.map((line) => line.replace(/\d+ sessions active/, 'N sessions active'));
}

/** While a check runs, its row has the code of none. */
async function statisticsBetweenChecks(daemon: Daemon): Promise<readonly StatRow[]> {
  let rows: readonly StatRow[] = [];
  await until('no check is under way', async () => {
    rows = await daemon.statistics();
    return rows.every((row) => row['check_status']?.startsWith('*') !== true);
  });
  return rows;
}

function normal(line: string, switches: ReadonlyMap<string, Switch>): string {
  let text = line.replaceAll(/\b\d+ms\b/g, 'Nms');
  for (const [name, { port }] of switches) text = text.replaceAll(String(port), `PORT_${name}`);
  return text;
}
