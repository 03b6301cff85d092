/**
 * What the threads do, for those who look for the cause of a strange load (management manual, section 9.3: `show threads`,
 * `show activity`, `show tasks`, `show pools`). The shapes are HAProxy's, the figures this program's own: event loops,
 * timers, heaps and shared memory instead of run queues and pools of objects. Formats may change with them.
 */

import { readFileSync, readdirSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { HeartbeatReader, ProcessStat, objectKinds } from '@evenkeel/shm';
import type { ThreadLoad } from '@evenkeel/proxy';
import type { Command } from './cli/command.ts';
import type { Runtime } from './runtime.ts';

interface Load extends ThreadLoad {
  /** Its number in shared memory; 0 is main. */
  readonly thread: number;
}

/** Main first, then the data threads that answered, by number. */
async function loads(runtime: Runtime): Promise<readonly Load[]> {
  const answers = await runtime.ask({ type: 'load' });
  return answers
    .map(({ thread, answer }) => ({ thread, ...answer }))
    .toSorted((left, right) => left.thread - right.thread);
}

export const showThreads: Command = {
  words: ['show', 'threads'],
  parameters: '',
  help: 'show some threads debugging information',
  level: 'user',
  async run({ runtime }) {
    const heartbeats = new HeartbeatReader(runtime.segment);
    const now = runtime.monotonicNow();
    const { heapTotal, heapUsed, external } = process.memoryUsage();
    const { active, idle } = performance.eventLoopUtilization();
    let text =
      `* Thread 0 : main     state=running cpu_ms=${milliseconds(cpuUs(process.threadCpuUsage()))} ` +
      `busy=${percent(active, active + idle)} heap_used=${heapUsed} heap_total=${heapTotal} external=${external}\n`;
    const known = await loads(runtime);
    for (let thread = 1; thread < runtime.segment.threadsUsed(); thread++) {
      const { state, silentMs, ticks, waitsFor, identity } = heartbeats.health(thread, now);
      if (state === 'absent') continue;
      const load = known.find((each) => each.thread === thread);
      const name = load === undefined ? 'data' : `data-${load.index + 1}`;
      // A thread that does not answer is the one that is looked for.
      text +=
        `${load === undefined ? '>' : ' '} Thread ${thread} : ${name.padEnd(8)} state=${state} incarnation=${identity.incarnation} ` +
        `beats=${ticks} silent_ms=${Math.max(0, Math.round(silentMs))} waits_for=${waitsFor ?? '-'}`;
      if (load !== undefined) {
        const { cpuUs: used, activeUs, idleUs, generation, generations, sessions, timers } = load;
        text +=
          ` cpu_ms=${milliseconds(used)} busy=${percent(activeUs, activeUs + idleUs)}\n` +
          `             generation=${generation} generations=${generations} sessions=${sessions} timers=${timers} ` +
          `heap_used=${load.heapUsed} heap_total=${load.heapTotal} external=${load.external} array_buffers=${load.arrayBuffers}`;
      }
      text += '\n';
    }
    return text + systemThreads();
  },
};

/** The kernel's list: name, state and processor time of every thread, those of the runtime's own included. */
function systemThreads(): string {
  let text = ' \n  tid      name             state   cpu_ms\n';
  for (const tid of readdirSync('/proc/self/task')) {
    try {
      const stat = readFileSync(`/proc/self/task/${tid}/stat`, 'latin1');
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = Number(fields[11]) + Number(fields[12]);
      text += `  ${tid.padEnd(8)} ${name.padEnd(16)} ${fields[0].padEnd(5)} ${String(ticks * TICK_MS).padStart(8)}\n`;
    } catch {
      // It has ended since it was listed.
    }
  }
  return text;
}

/** Clock ticks of /proc are hundredths of a second on every Linux. */
const TICK_MS = 10;

export const showActivity: Command = {
  words: ['show', 'activity'],
  parameters: '',
  help: 'show per-thread activity stats (for support/developers)',
  level: 'user',
  async run({ runtime }) {
    const known = await loads(runtime);
    const heartbeats = new HeartbeatReader(runtime.segment);
    const now = runtime.monotonicNow();
    const line = (name: string, value: (load: Load) => number): string => {
      const values = known.map(value);
      return `${name}: ${values.reduce((sum, each) => sum + each, 0)} [ ${values.join(' ')} ]\n`;
    };
    const figures = runtime.statistics.read('process', 0);
    return (
      `thread_id: 0 (0..${known.length})\n` +
      `date_now: ${(runtime.dateNow() / 1000).toFixed(6)}\n` +
      line('beats', ({ thread }) => heartbeats.health(thread, now).ticks) +
      line('loop_active_ms', ({ activeUs }) => milliseconds(activeUs)) +
      line('loop_idle_ms', ({ idleUs }) => milliseconds(idleUs)) +
      line('cpu_ms', ({ cpuUs: used }) => milliseconds(used)) +
      line('sessions', ({ sessions }) => sessions) +
      line('timers', ({ timers }) => timers) +
      line('generations', ({ generations }) => generations) +
      `accepted: ${figures[ProcessStat.connections]}\n`
    );
  },
};

export const showTasks: Command = {
  words: ['show', 'tasks'],
  parameters: '',
  help: 'show running tasks',
  level: 'user',
  async run({ runtime }) {
    const known = await loads(runtime);
    const kinds: [name: string, places: number][] = [
      ['client connections', known.reduce((sum, { sessions }) => sum + sessions, 0)],
      ['timers', known.reduce((sum, { timers }) => sum + timers, 0)],
    ];
    const total = kinds.reduce((sum, [, places]) => sum + places, 0);
    const lines = kinds.map(
      ([name, places]) => `  ${name.padEnd(24)} ${String(places).padStart(10)} ${percent(places, total).padStart(6)}\n`,
    );
    return `Waiting tasks: ${total} (${known.length} threads)\n  function                     places     %\n${lines.join('')}`;
  },
};

export const showPools: Command = {
  words: ['show', 'pools'],
  parameters: '',
  help: 'report information about the memory pools usage',
  level: 'user',
  run: async ({ runtime }) => await poolsText(runtime),
};

/** Also what SIGQUIT makes the process say. */
export async function poolsText(runtime: Runtime): Promise<string> {
  const known = await loads(runtime);
  const main = getHeapStatistics();
  const pools: [name: string, allocated: number, used: number][] = [
    ['heap of main', main.total_heap_size, main.used_heap_size],
    ['outside the heap of main', main.external_memory, main.external_memory],
    ...known.flatMap(({ index, heapTotal, heapUsed, external }): [string, number, number][] => [
      [`heap of data-${index + 1}`, heapTotal, heapUsed],
      [`outside the heap of data-${index + 1}`, external, external],
    ]),
  ];
  const { segment } = runtime;
  const reserved: [name: string, bytes: number][] = [
    ...objectKinds.map((kind): [string, number] => [`${kind} objects`, segment.reservedBytes(kind)]),
    ['queues', segment.tickets.byteLength],
  ];
  const lines = pools.map(
    ([name, allocated, used]) => `  - Pool ${name} : ${allocated} bytes allocated, ${used} used\n`,
  );
  const sum = (place: 1 | 2): number => pools.reduce((total, pool) => total + pool[place], 0);
  return (
    `Dumping pools usage. Resident memory of the process: ${process.memoryUsage.rss()} bytes.\n${lines.join('')}` +
    reserved
      .map(([name, bytes]) => `  - Shared memory of ${name} : ${bytes} bytes reserved, committed as they are used\n`)
      .join('') +
    `Total: ${pools.length} pools, ${sum(1)} bytes allocated, ${sum(2)} used.\n`
  );
}

const milliseconds = (microseconds: number): number => Math.round(microseconds / 1000);

const cpuUs = ({ user, system }: { readonly user: number; readonly system: number }): number => user + system;

function percent(part: number, whole: number): string {
  return whole === 0 ? '0%' : `${((100 * part) / whole).toFixed(1)}%`;
}
