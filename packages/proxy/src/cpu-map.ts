// Which CPUs a data thread may run on (manual section 3.1, `cpu-map`). Pure.
import type { CpuMap } from '@evenkeel/config';

/** CPUs of data thread `thread`, counted from 1; undefined where no line names it. Of lines that overlap the last counts. */
export function cpusOf(map: readonly CpuMap[], thread: number): readonly number[] | undefined {
  const line = map.findLast((each) => names(each, thread));
  return line === undefined ? undefined : cpusOfLine(line, thread);
}

function names({ processes, threads }: CpuMap, thread: number): boolean {
  return hasFirst(processes) && (threads.length === 0 || threads.includes(thread));
}

function cpusOfLine({ auto, threads, cpus }: CpuMap, thread: number): readonly number[] {
  if (!auto) return cpus;
  const ascending = (left: number, right: number): number => left - right;
  return [cpus.toSorted(ascending)[threads.toSorted(ascending).indexOf(thread)]];
}

/** There is one process, or group of threads: whether a set of their numbers has it. */
function hasFirst(processes: string): boolean {
  if (processes === 'all' || processes === 'odd') return true;
  return /^1(?:-\d*)?$/.test(processes);
}
