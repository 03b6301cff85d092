// What tests of the data plane share: one data thread inside the test's own process, fed with configuration text, with its
// log lines in an array. What several threads do together is tested where they are supervised.
import { memoryHost, parseConfig, type Bind, type Config } from '@evenkeel/config';
import { Heartbeat, Mailbox, OperationalState, Segment, SegmentOwner, ServerState } from '@evenkeel/shm';
import { WEIGHT_SCALE } from './backend/balance/balancer.ts';
import { DataThread } from './data-thread.ts';
import { GenerationKeeper } from './generation-keeper.ts';
import { packPlan, placeBalance, prepareBackends, prepareProcess } from './main-thread.ts';
import type { PackedPlan } from './packed-plan.ts';
import type { ListenerPlan, Plan, ProcessLimits } from './plan.ts';
import type { FromThread } from './thread-protocol.ts';

const MAX_THREADS = 4;

export interface TestLogLine {
  readonly level: number;
  readonly line: string;
}

export class TestHost {
  readonly owner: SegmentOwner;
  readonly thread: DataThread;
  readonly keeper: GenerationKeeper;
  /** What was logged, oldest first. */
  readonly logs: TestLogLine[] = [];
  readonly messages: FromThread[] = [];
  /** What configurations may name as files: contents by path. */
  files: Readonly<Record<string, string>> = {};
  plan: Plan | undefined = undefined;
  #generation = 0;
  #logWaiters: (() => void)[] = [];

  constructor() {
    this.owner = new SegmentOwner({ maxThreads: MAX_THREADS, ticketsPerThread: 1024 });
    this.owner.allocate('process', 'process');
    prepareProcess(this.owner, MAX_THREADS);
    this.owner.useThread(1);
    const segment = new Segment(this.owner.handle(), { thread: 1, incarnation: 1 });
    this.thread = new DataThread({
      index: 0,
      incarnation: 1,
      segment,
      mailbox: new Mailbox(segment),
      heartbeat: new Heartbeat(segment),
      log: {
        emit: (_set, level, line) => {
          this.logs.push({ level, line });
          for (const waiter of this.#logWaiters.splice(0)) waiter();
        },
      },
    });
    this.keeper = new GenerationKeeper(this.thread, (message) => this.messages.push(message));
    this.thread.run();
  }

  /** Makes `text` what serves; throws what stands against it. */
  async apply(text: string, limits: Partial<ProcessLimits> = {}): Promise<void> {
    const plan = this.compile(text, limits);
    this.prepare(plan);
    const errors = this.messages.flatMap((message) =>
      message.type === 'prepared' && message.generation === plan.generation ? message.errors : [],
    );
    if (errors.length > 0) throw new Error(errors.join('\n'));
    await this.keeper.publish(plan.generation);
    this.plan = plan;
  }

  prepare(plan: Plan): void {
    this.thread.segment.extend(this.owner.handle());
    this.keeper.prepare(packed(plan), []);
  }

  compile(text: string, limits: Partial<ProcessLimits> = {}): Plan {
    const result = parseConfig([{ name: 'test.cfg', text }], memoryHost({ files: this.files }));
    const { config } = result;
    if (config === undefined)
      throw new Error(result.diagnostics.map(({ message, at }) => `${at?.line}: ${message}`).join('\n'));
    const plan = planOf(this.owner, config, ++this.#generation, {
      maxconn: config.global.maxconn ?? 1000,
      maxconnrate: config.global.maxconnrate ?? 0,
      maxsessrate: config.global.maxsessrate ?? 0,
      ...limits,
    });
    prepareBackends(this.owner, plan);
    for (const [index, proxy] of config.proxies.entries()) {
      for (const [at, server] of proxy.servers.entries()) {
        const state = new ServerState(this.owner.segment, plan.proxies[index].serverSlots[at]);
        state.set('operationalState', OperationalState.running);
        state.set('userWeight', server.weight);
        state.set('effectiveWeight', server.weight * WEIGHT_SCALE);
        state.set('maxconn', server.maxconn ?? 0);
      }
    }
    return plan;
  }

  /** Resolves when `count` lines were logged. */
  async logged(count: number): Promise<readonly TestLogLine[]> {
    while (this.logs.length < count) await new Promise<void>((resolve) => this.#logWaiters.push(resolve));
    return this.logs;
  }

  stop(): void {
    this.keeper.stop();
    this.thread.halt();
  }
}

function planOf(owner: SegmentOwner, config: Config, generation: number, limits: ProcessLimits): Plan {
  const listeners: ListenerPlan[] = [];
  for (const [proxy, { binds, name, backlog, maxconn }] of config.proxies.entries()) {
    for (const [bind, line] of binds.entries()) {
      for (const address of line.addresses) {
        if (address.kind !== 'inet') throw new Error('the test host binds Internet addresses only');
        const family = address.host.includes(':') ? 6 : 4;
        const port = address.port?.first ?? 0;
        const host = address.host === '*' ? '0.0.0.0' : address.host;
        listeners.push({
          key: `${host}:${port}`,
          proxy,
          bind,
          id: listeners.length + 1,
          name: line.name,
          slot: owner.allocate('listener', `${name}/${host}:${port}`),
          address: { kind: 'inet', family, address: host, port, v6only: bindOption(line) },
          text: `${host}:${port}`,
          backlog: line.backlog ?? backlog ?? Math.max(maxconn ?? 0, 100),
        });
      }
    }
  }
  return {
    generation,
    config,
    listeners,
    limits,
    proxies: placeBalance(
      config.proxies.map((proxy, index) => ({
        frontendSlot: proxy.kind === 'backend' ? -1 : owner.allocate('frontend', proxy.name),
        backendSlot: proxy.kind === 'frontend' ? -1 : owner.allocate('backend', proxy.name),
        serverSlots: proxy.servers.map((server) => owner.allocate('server', `${proxy.name}/${server.name}`)),
        logSet: proxy.logs.length > 0 ? index + 1 : 0,
      })),
    ),
  };
}

function bindOption({ v6only, v4v6 }: Bind): boolean | undefined {
  return v6only ? true : v4v6 ? false : undefined;
}

function packed(plan: Plan): PackedPlan {
  const steps = packPlan(plan, (bytes) => new SharedArrayBuffer(bytes));
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
