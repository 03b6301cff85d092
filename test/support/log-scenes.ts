/**
 * Scenes of traffic and the lines that are logged of them. All scenes run beside each other in one daemon, each with a frontend, a
 * backend and a server of its own; the same scenes run on any program, so that what it logs, answers and counts can be compared.
 * What is timing is left out: dates, ports, and times but for whether they were reached.
 */

import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { closeFd, getSocketName, openListener } from '@evenkeel/sys';
import { Daemon, freePorts, until, type StatRow } from './daemon.ts';
import { Peer, PeerServer } from './peer.ts';

export interface Scene {
  readonly name: string;
  readonly mode: 'tcp' | 'http';
  /** Lines of both sections, of the frontend and of the backend; SPARE stands for a port where nobody listens. */
  readonly defaults?: readonly string[];
  readonly frontend?: readonly string[];
  readonly backend?: readonly string[];
  /** Words behind the address of the server; false for a backend without one. */
  readonly server?: string | false;
  /** What stands behind the server's address; `no-backend`: the frontend names none. */
  readonly behind?: 'server' | 'nobody' | 'black-hole' | 'no-backend';
  /** What the server does with each connection. */
  readonly serve?: (server: Peer, nth: number) => unknown;
  readonly serverReads?: boolean;
  readonly act: (stage: Stage) => Promise<unknown>;
  /** Lines that come of it; 1 where nothing else is said. */
  readonly lines?: number;
  /** Other streams than the one in question are still open in the end: they are cut off, and what that counts says nothing. */
  readonly leavesOthers?: true;
  /** As many bytes flow as sockets hold, which differs from run to run. */
  readonly isFlood?: true;
}

export interface Stage {
  /** A client's connection. */
  client(options?: { readonly reads?: boolean }): Promise<Peer>;
  /** The server's end of its connection of that number, from 0. */
  server(nth: number): Promise<Peer>;
  /** `shutdown session` of the scene's oldest stream. */
  kill(): Promise<void>;
  /** A command of the runtime socket; BACKEND stands for the scene's own. */
  cli(command: string): Promise<string>;
  /** Until a column of `show stat` has a value: `frontend`, `backend`, or the name of a server. */
  counted(of: string, column: string, value: string): Promise<void>;
}

export interface SceneOutcome {
  /** Log lines, oldest first. */
  readonly lines: readonly string[];
  /** What each client received: the first line and the number of bytes. */
  readonly answers: readonly string[];
  /** Columns of `show stat` that are not 0, of the frontend, the backend and its servers. */
  readonly counts: readonly string[];
}

/** What a scene leaves in `show stat`. */
const COLUMNS = [
  'stot',
  'req_tot',
  'dreq',
  'dresp',
  'ereq',
  'econ',
  'eresp',
  'wretr',
  'wredis',
  'cli_abrt',
  'srv_abrt',
  'hrsp_1xx',
  'hrsp_2xx',
  'hrsp_3xx',
  'hrsp_4xx',
  'hrsp_5xx',
  'hrsp_other',
  'intercepted',
  'lbtot',
] as const;

const FORMATS = {
  tcp: '%f: %b/%s %ts Tw=%Tw Tc=%Tc Tt=%Tt B=%B U=%U rc=%rc q=%sq/%bq ST=%ST',
  http: '%f: %b/%s %tsc %ST TR=%TR Tw=%Tw Tc=%Tc Tr=%Tr Ta=%Ta Tq=%Tq Td=%Td rc=%rc q=%sq/%bq %hr %hs %{+Q}r',
} as const;

const SCENE_LIMIT_MS = 20_000;

export interface SceneOptions {
  /** As in `Daemon.start`. */
  readonly program?: string | undefined;
  readonly threads?: number;
  /** In place of the formats of the termination table. */
  readonly format?: (scene: Scene) => readonly string[];
  readonly global?: string;
  /** Scenes at one time. */
  readonly parallel?: number;
  /** ms from which on a time is called long (`L`); without it times are `T`. */
  readonly longMs?: number;
}

interface Setup {
  readonly scene: Scene;
  readonly index: number;
  readonly port: number;
  readonly server: PeerServer | undefined;
  readonly serverPort: number;
  readonly spare: number;
  readonly clients: Peer[];
}

/** Runs the scenes and returns what came of each, by name. */
export async function playScenes(
  scenes: readonly Scene[],
  options: SceneOptions = {},
): Promise<ReadonlyMap<string, SceneOutcome>> {
  await using stack = new AsyncDisposableStack();
  const setups: Setup[] = [];
  for (const [index, scene] of scenes.entries()) {
    const { behind = 'server', serverReads: reads = true } = scene;
    const server =
      behind === 'server' && scene.server !== false
        ? await PeerServer.start((peer, nth) => scene.serve?.(peer, nth), { reads })
        : undefined;
    if (server !== undefined) stack.defer(() => server.close());
    const hole = behind === 'black-hole' ? await blackHole() : undefined;
    if (hole !== undefined) stack.defer(() => hole.close());
    setups.push({ scene, index, port: 0, server, serverPort: server?.port ?? hole?.port ?? 0, spare: 0, clients: [] });
  }
  // After all servers, so that none of them takes a port that is to be free.
  const ports = await freePorts(setups.length * 3 + 1);
  const ready = ports[setups.length * 3];
  const settled = setups.map((setup, at) => ({
    ...setup,
    port: ports[at],
    serverPort: setup.serverPort === 0 ? ports[setups.length + at] : setup.serverPort,
    spare: ports[setups.length * 2 + at],
  }));
  const daemon = stack.use(
    await Daemon.start(configuration(settled, ready, options), {
      port: ready,
      ...(options.program === undefined ? {} : { program: options.program }),
    }),
  );
  const outcomes = new Map<string, SceneOutcome>();
  const waiting = [...settled];
  const worker = async (): Promise<void> => {
    for (let setup = waiting.shift(); setup !== undefined; setup = waiting.shift())
      outcomes.set(setup.scene.name, await playOne(setup, daemon, options.longMs));
  };
  await Promise.all(Array.from({ length: options.parallel ?? 12 }, worker));
  return outcomes;
}

async function playOne(setup: Setup, daemon: Daemon, longMs: number | undefined): Promise<SceneOutcome> {
  const { scene, index, clients } = setup;
  const { lines: wanted = 1 } = scene;
  const rowNames: Readonly<Record<string, readonly [string, string]>> = {
    frontend: [`f${index}`, 'FRONTEND'],
    backend: [`b${index}`, 'BACKEND'],
  };
  try {
    const acted = scene.act({
      client: async (options) => {
        const peer = await Peer.connect(setup.port, options);
        clients.push(peer);
        return peer;
      },
      server: async (nth) => await setup.server!.peer(nth),
      kill: async () => {
        const ofScene = new RegExp(`^(\\S+): .* fe=f${index} `, 'm');
        let found: RegExpExecArray | null = null;
        await until(`${scene.name}: its stream is shown`, async () => {
          found = ofScene.exec(await daemon.ask('show sess'));
          return found !== null;
        });
        await daemon.ask(`shutdown session ${found![1]}`);
      },
      cli: async (command) => await daemon.ask(command.replaceAll('BACKEND', `b${index}`)),
      counted: async (of, column, value) => {
        const [proxy, service] = rowNames[of] ?? [`b${index}`, of];
        await until(
          `${scene.name}: ${column} of ${of} is ${value}`,
          async () => (await daemon.statistic(proxy, service, column)) === value,
        );
      },
    });
    await inTime(acted, `${scene.name}: its scene is played, after ${linesOf(daemon, index).join(' ; ')}`);
    const lines = (): string[] => linesOf(daemon, index);
    await until(
      `${scene.name}: ${wanted} lines are logged, not ${lines().join(' ; ')}`,
      () => lines().length >= wanted,
    );
    // A program writes an answer before its line; two turns of the loop take in what came before this moment.
    await nextTurn();
    await nextTurn();
    const answers = clients.map(({ text, received }) => `${text.split('\r\n', 1)[0].slice(0, 60)} (${received})`);
    // Counters of a stream are final with its line, but for those of the connection.
    for (const { socket } of clients) socket.destroy();
    setup.server?.hangUp();
    let rows: StatRow[] = [];
    await until(`${scene.name}: every session has ended`, async () => {
      rows = (await daemon.statistics()).filter(
        (row) => row['pxname'] === `f${index}` || row['pxname'] === `b${index}`,
      );
      return rows.every((row) => (row['scur'] ?? '') === '' || row['scur'] === '0');
    });
    const ended = scene.leavesOthers === true ? lines().slice(0, wanted) : lines();
    return {
      lines: ended.map((line) => normal(line, setup, longMs)),
      answers,
      counts: scene.leavesOthers === true ? [] : rows.map((row) => countsOf(row)).filter((text) => text !== ''),
    };
  } catch (error) {
    // The other scenes still tell what they have to tell.
    const said = daemon.output.split('\n').filter((line) => !/^f\d+: |^$/.test(line));
    return { lines: [`failed: ${String(error)}`, ...said.slice(-8)], answers: [], counts: [] };
  } finally {
    for (const { socket } of clients) socket.destroy();
  }
}

async function inTime(work: Promise<unknown>, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${SCENE_LIMIT_MS} ms in vain until ${what}`)), SCENE_LIMIT_MS);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function countsOf(row: StatRow): string {
  const counts = COLUMNS.filter((column) => (row[column] ?? '') !== '' && row[column] !== '0');
  return counts.length === 0 ? '' : `${row['svname']}: ${counts.map((column) => `${column}=${row[column]}`).join(' ')}`;
}

function linesOf(daemon: Daemon, index: number): string[] {
  return daemon.output.split('\n').filter((line) => line.startsWith(`f${index}: `));
}

/** Without what differs from run to run: times that were reached have a letter, and the scene's ports have names. */
function normal(line: string, { scene, port, serverPort, spare }: Setup, longMs: number | undefined): string {
  const letter = (ms: number): string => (longMs === undefined ? 'T' : ms >= longMs ? 'L' : 's');
  return line
    .replace(/\b([BU])=\d{5,}/g, scene.isFlood === true ? '$1=N' : '$&')
    .replace(
      /\b(T[A-Za-z]{1,2})=(\+?)(\d+)/g,
      (_all, name: string, plus: string, ms: string) => `${name}=${plus}${letter(Number(ms))}`,
    )
    .replaceAll(`:${port}`, ':PORT')
    .replaceAll(`:${serverPort}`, ':SERVER')
    .replaceAll(`:${spare}`, ':SPARE')
    .replace(/^f\d+: b\d+\//, 'f: b/')
    .replace(/^f\d+: f\d+\//, 'f: f/');
}

/** `ready` is the last port: a thread that listens there listens to all. */
function configuration(setups: readonly Setup[], ready: number, options: SceneOptions): string {
  const sections = setups.map((setup) => sectionsOf(setup, options)).join('');
  return `global
  nbthread ${options.threads ?? 1}
  stats socket FOLDER/admin.sock level admin
  ${options.global ?? ''}
${sections}defaults
${DEFAULTS}
frontend ready
  bind 127.0.0.1:${ready}
  no log
`;
}

const DEFAULTS = `  log stdout format raw local0
  timeout connect 30s
  timeout client 30s
  timeout server 30s
  timeout queue 30s
  retries 0`;

function sectionsOf({ scene, index, port, serverPort, spare }: Setup, options: SceneOptions): string {
  const { behind = 'server', server = '' } = scene;
  const format = options.format?.(scene) ?? [`log-format "${FORMATS[scene.mode]}"`];
  const front = [
    `mode ${scene.mode}`,
    `bind 127.0.0.1:${port}`,
    ...format,
    ...(scene.frontend ?? []),
    ...(behind === 'no-backend' ? [] : [`default_backend b${index}`]),
  ];
  const back = [
    `mode ${scene.mode}`,
    ...(scene.backend ?? []),
    ...(server === false ? [] : [`server s 127.0.0.1:${serverPort} ${server}`]),
  ];
  const text = (lines: readonly string[]): string => lines.map((line) => `  ${line}\n`).join('');
  return `defaults\n${DEFAULTS}\n${text(scene.defaults ?? [])}frontend f${index}\n${text(front)}backend b${index}\n${text(back)}`
    .replaceAll('SPARE', String(spare))
    .replaceAll('SERVERPORT', String(serverPort));
}

/** An address where SYN gets no answer: a listener whose queue is full and whose connections nobody accepts. */
async function blackHole(): Promise<{ readonly port: number; close(): void }> {
  const descriptor = openListener({ family: 'ipv4', address: '127.0.0.1', port: 0, backlog: 0 });
  const name = getSocketName(descriptor);
  if (name === undefined || name.family === 'unix') throw new Error('the listener has no port');
  const { port } = name;
  // Linux queues one more than the backlog; further SYN are dropped.
  const fillers: Socket[] = Array.from({ length: 3 }, () => connect({ port, host: '127.0.0.1' }));
  for (const filler of fillers) filler.on('error', () => undefined);
  await new Promise((resolve) => fillers[0].once('connect', resolve));
  return {
    port,
    close: () => {
      for (const filler of fillers) filler.destroy();
      closeFd(descriptor);
    },
  };
}
