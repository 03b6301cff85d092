/**
 * `set profiling`, `show profiling` (management manual, section 9.3): the functions that use the processor, and those that hold
 * memory, over all threads. The shape is HAProxy's; the figures are samples of the runtime's own profilers.
 */

import type { ProfiledFunction, ProfiledSubject } from '@evenkeel/proxy';
import type { Command } from './cli/command.ts';
import { Stream, fault } from './cli/command.ts';
import type { Runtime } from './runtime.ts';

export const setProfiling: Command = {
  words: ['set', 'profiling'],
  parameters: '<what> {auto|on|off}',
  help: 'enable/disable resource profiling (tasks,memory)',
  level: 'admin',
  async run({ runtime }, [subject, value]) {
    if (subject !== 'tasks' && subject !== 'memory') return fault("Expects either 'tasks' or 'memory'.\n");
    if (subject === 'memory' && value !== 'on' && value !== 'off') return fault("Expects either 'on' or 'off'.\n");
    if (value !== 'on' && value !== 'off' && value !== 'auto') return fault("Expects 'on', 'auto', or 'off'.\n");
    const on = value === 'on';
    runtime.profiler.set(subject, on);
    await runtime.ask({ type: 'set-profiling', subject, on });
    return '';
  },
};

export const showProfiling: Command = {
  words: ['show', 'profiling'],
  parameters: '[<what>|<#lines>|byaddr]*',
  help: 'show profiling state (all,status,tasks,memory)',
  level: 'admin',
  async run({ runtime }, parameters) {
    let what = 'all';
    let most = Infinity;
    for (const word of parameters) {
      if (word === 'all' || word === 'status' || word === 'tasks' || word === 'memory') what = word;
      else if (/^\d+$/.test(word)) most = Number(word);
      else if (word !== 'byaddr')
        return fault("Expects either 'all', 'status', 'tasks', 'memory', 'byaddr' or a max number of output lines.\n");
    }
    const isSorted = parameters.includes('byaddr');
    const pieces: string[] = [];
    if (what === 'all' || what === 'status') pieces.push(status(runtime));
    if (what === 'all' || what === 'tasks') {
      pieces.push('Tasks activity:\n  function                                samples   cpu_tot   cpu_avg\n');
      for (const { name, place, count, amount } of ranked(await reports(runtime, 'tasks'), most, isSorted)) {
        const total = durationText(amount);
        pieces.push(
          `  ${`${name} ${place}`.padEnd(36)} ${String(count).padStart(10)} ${total.padStart(9)} ${durationText(amount / count).padStart(9)}\n`,
        );
      }
    }
    if (what === 'memory' || (what === 'all' && runtime.profiler.isOn('memory'))) {
      pieces.push(
        'Alloc/Free statistics by call place:\n  function                                 places     bytes\n',
      );
      for (const { name, place, count, amount } of ranked(await reports(runtime, 'memory'), most, isSorted))
        pieces.push(`  ${`${name} ${place}`.padEnd(36)} ${String(count).padStart(10)} ${String(amount).padStart(9)}\n`);
    }
    return new Stream(pieces);
  },
};

function status({ profiler }: Runtime): string {
  const state = (subject: ProfiledSubject): string => (profiler.isOn(subject) ? 'on' : 'off').padEnd(13);
  return (
    `Per-task CPU profiling              : ${state('tasks')} # set profiling tasks {on|auto|off}\n` +
    `Memory usage profiling              : ${state('memory')} # set profiling memory {on|off}\n`
  );
}

async function reports(runtime: Runtime, subject: ProfiledSubject): Promise<readonly ProfiledFunction[]> {
  const answers = await runtime.ask({ type: 'profile', subject });
  return [...runtime.profiler.report(subject), ...answers.flatMap(({ answer }) => answer)];
}

/** Those of all threads together, what takes most first. */
function ranked(functions: readonly ProfiledFunction[], most: number, byPlace: boolean): readonly ProfiledFunction[] {
  const sums = new Map<string, ProfiledFunction>();
  for (const each of functions) {
    const key = `${each.place} ${each.name}`;
    const known = sums.get(key);
    sums.set(
      key,
      known === undefined ? each : { ...each, count: known.count + each.count, amount: known.amount + each.amount },
    );
  }
  const order = byPlace
    ? (left: ProfiledFunction, right: ProfiledFunction): number => (left.place < right.place ? -1 : 1)
    : (left: ProfiledFunction, right: ProfiledFunction): number => right.amount - left.amount;
  return [...sums.values()].toSorted(order).slice(0, most);
}

function durationText(microseconds: number): string {
  if (microseconds >= 1e6) return `${(microseconds / 1e6).toFixed(3)}s`;
  return microseconds >= 1000 ? `${(microseconds / 1000).toFixed(3)}ms` : `${microseconds.toFixed(1)}us`;
}
