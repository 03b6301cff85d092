// What the code of one thread spends its time and its memory on, by the runtime's own sampling profilers (`set profiling`,
// `show profiling`). Off, it costs nothing; on, some percent, and some ten milliseconds for each report of tasks. It knows nothing of threads: each has one of its own.
import type { HeapProfiler, Profiler as CpuProfiler, Session } from 'node:inspector';

export type ProfiledSubject = 'tasks' | 'memory';

/** Samples of one function, by its name and place. */
export interface ProfiledFunction {
  readonly name: string;
  /** File and line; empty for what is the runtime's own. */
  readonly place: string;
  /** Times that it was seen on top of the stack, or blocks that it allocated and that live. */
  readonly count: number;
  /** Microseconds, or bytes. */
  readonly amount: number;
}

/** Frames of a thread that waits. */
const NOT_WORK: ReadonlySet<string> = new Set(['(idle)', '(root)']);

/** Microseconds between two looks at the stack. */
const CPU_INTERVAL_US = 1000;
/**
 * How often what was seen of tasks is added up. The runtime keeps every sample until its profile ends, and hands them all out at
 * once: a profiler that was left on for a day would take the memory of the process, and its report would stop the thread.
 */
const ADD_UP_MS = 10_000;
/** Bytes between two allocations that are noted, on average. */
const HEAP_INTERVAL_BYTES = 65_536;

export class Profiler {
  /** Made when it is first needed: threads start faster without it. */
  #session: Session | undefined;
  readonly #isOn: Record<ProfiledSubject, boolean> = { tasks: false, memory: false };
  /** By name and place, of profiles that have ended since the start. */
  #seen = new Map<string, ProfiledFunction>();
  #addingUp: NodeJS.Timeout | undefined;

  isOn(subject: ProfiledSubject): boolean {
    return this.#isOn[subject];
  }

  /** Starts anew, or ends. What was seen of tasks until an end can still be read. */
  set(subject: ProfiledSubject, on: boolean): void {
    if (this.#isOn[subject]) this.#stop(subject);
    if (subject === 'tasks') {
      clearInterval(this.#addingUp);
      if (on) {
        this.#seen = new Map();
        this.#addingUp = setInterval(() => this.#addUp(), ADD_UP_MS).unref();
      }
    }
    this.#isOn[subject] = on;
    if (on) this.#start(subject);
    else if (!this.#isOn.tasks && !this.#isOn.memory) {
      this.#session?.disconnect();
      this.#session = undefined;
    }
  }

  /** What was sampled since the start. Sampling goes on. */
  report(subject: ProfiledSubject): readonly ProfiledFunction[] {
    let functions: ProfiledFunction[] = [];
    if (subject === 'memory') {
      if (!this.#isOn.memory) return [];
      this.#session?.post('HeapProfiler.getSamplingProfile', (error, answer) => {
        if (error === null) functions = allocations(answer.profile);
      });
    } else {
      if (this.#isOn.tasks) this.#addUp();
      functions = [...this.#seen.values()];
    }
    return functions;
  }

  /** The profile is handed out at its end only: it begins again, and what was seen so far is kept. */
  #addUp(): void {
    this.#stop('tasks');
    this.#start('tasks');
  }

  #start(subject: ProfiledSubject): void {
    const session = this.#session ?? this.#connect();
    if (subject === 'memory') {
      session.post('HeapProfiler.startSampling', { samplingInterval: HEAP_INTERVAL_BYTES });
      return;
    }
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: CPU_INTERVAL_US });
    session.post('Profiler.start');
  }

  #connect(): Session {
    const inspector = process.getBuiltinModule('node:inspector');
    this.#session = new inspector.Session();
    this.#session.connect();
    return this.#session;
  }

  #stop(subject: ProfiledSubject): void {
    if (subject === 'memory') this.#session?.post('HeapProfiler.stopSampling');
    else
      this.#session?.post('Profiler.stop', (error, answer) => {
        if (error === null) addCalls(this.#seen, answer.profile);
      });
  }
}

function addCalls(
  seen: Map<string, ProfiledFunction>,
  { nodes, samples = [], timeDeltas = [] }: CpuProfiler.Profile,
): void {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    if (frame === undefined || NOT_WORK.has(frame.functionName) || frame.url === 'node:inspector') continue;
    add(seen, frame, 1, Math.max(0, timeDeltas[index] ?? 0));
  }
}

function allocations({ head }: HeapProfiler.SamplingHeapProfile): ProfiledFunction[] {
  const seen = new Map<string, ProfiledFunction>();
  const visit = ({ callFrame, selfSize, children }: HeapProfiler.SamplingHeapProfileNode): void => {
    if (selfSize > 0) add(seen, callFrame, 1, selfSize);
    for (const child of children) visit(child);
  };
  visit(head);
  return [...seen.values()];
}

interface Frame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

function add(seen: Map<string, ProfiledFunction>, frame: Frame, count: number, amount: number): void {
  const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
  const file = frame.url.slice(frame.url.lastIndexOf('/') + 1);
  const place = file === '' ? '' : `${file}:${frame.lineNumber + 1}`;
  const key = `${name} ${place}`;
  const known = seen.get(key);
  seen.set(key, { name, place, count: (known?.count ?? 0) + count, amount: (known?.amount ?? 0) + amount });
}
