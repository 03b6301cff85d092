// What tests of the backend side share: a thread context by hand, a plan for a few servers, states as main would write them.

import type { Proxy, Server as ServerConfig } from '@evenkeel/config';
import {
  BackendVersion,
  Mailbox,
  OperationalState,
  Segment,
  SegmentOwner,
  ServerState,
  Wake,
  type SegmentHandle,
  type ThreadIdentity,
} from '@evenkeel/shm';
import type { Plan } from '../plan.ts';
import type { ThreadContext } from '../thread-context.ts';
import { TimerWheel } from '../timers.ts';
import type { Backend } from './backend.ts';
import { BackendThread } from './backend-thread.ts';
import { WEIGHT_SCALE } from './balance/balancer.ts';
import { fullconns } from './limit.ts';
import { prepareBackends } from './prepare.ts';

export type ServerOptions = Partial<ServerConfig> & { readonly port: number; readonly host?: string };
export type ProxyOptions = Partial<Omit<Proxy, 'servers' | 'timeouts' | 'options'>> & {
  readonly timeouts?: Partial<Proxy['timeouts']>;
  readonly options?: Partial<Proxy['options']>;
};

const AT = { file: 'test', line: 1, column: 1 };

/** One backend, named `b` where nothing else is said, with servers s0, s1 … on loopback. */
export function planOf(
  owner: SegmentOwner,
  servers: readonly ServerOptions[],
  options: ProxyOptions = {},
  generation = 1,
): Plan {
  owner.allocate('process', 'process');
  const proxy = {
    name: 'b',
    kind: 'backend',
    at: AT,
    id: 2,
    idExplicit: false,
    mode: 'tcp',
    disabled: false,
    balance: { algorithm: 'roundrobin' },
    hashType: { method: 'map-based', function: 'sdbm', avalanche: false },
    useServer: [],
    retries: 3,
    retryOn: [],
    redispatch: undefined,
    httpReuse: 'safe',
    check: { type: 'tcp' },
    source: undefined,
    binds: [],
    acls: [],
    ...options,
    timeouts: { connect: 1000, ...options.timeouts },
    options: { allbackups: false, persist: false, srvtcpka: false, ...options.options },
    servers: servers.map(({ port, host, ...more }, index) => ({
      at: AT,
      name: `s${index}`,
      id: index + 1,
      idExplicit: false,
      weight: 1,
      backup: false,
      disabled: false,
      address: {
        kind: 'inet',
        host: host ?? '127.0.0.1',
        family: 4,
        port: { first: port, last: port, relative: false },
      },
      maxconn: undefined,
      minconn: undefined,
      maxqueue: undefined,
      check: false,
      interMs: 2000,
      rise: 2,
      fall: 3,
      poolMaxConn: -1,
      poolPurgeDelayMs: 5000,
      poolLowConn: 0,
      maxReuse: -1,
      onMarkedDown: undefined,
      onMarkedUp: undefined,
      ...more,
    })),
  } as unknown as Proxy;
  const plan: Plan = {
    generation,
    config: { global: { tune: {} }, proxies: [proxy] } as unknown as Plan['config'],
    proxies: [
      {
        balanceOffset: 0,
        frontendSlot: -1,
        backendSlot: owner.allocate('backend', proxy.name),
        serverSlots: proxy.servers.map((server) => owner.allocate('server', `${proxy.name}/${server.name}`)),
        logSet: 0,
      },
    ],
    listeners: [],
    limits: { maxconn: 1000, maxconnrate: 0, maxsessrate: 0 },
  };
  prepareBackends(owner, plan);
  for (const [index, server] of proxy.servers.entries()) {
    const state = new ServerState(owner.segment, plan.proxies[0].serverSlots[index]);
    state.set('operationalState', OperationalState.running);
    state.set('userWeight', server.weight);
    state.set('effectiveWeight', server.weight * WEIGHT_SCALE);
    state.set('maxconn', server.maxconn ?? 0);
  }
  return plan;
}

/** Main's part in a change of state: write, publish, wake. */
export function changeState(
  owner: SegmentOwner,
  plan: Plan,
  index: number,
  change: (state: ServerState) => void,
): void {
  const { backendSlot, serverSlots } = plan.proxies[0];
  change(new ServerState(owner.segment, serverSlots[index]));
  new BackendVersion(owner.segment, backendSlot).publish();
  new Mailbox(owner.segment).postAll(Wake.state);
}

export class TestThread implements ThreadContext {
  now = 0;
  readonly index: number;
  readonly incarnation: number;
  readonly segment: Segment;
  readonly mailbox: Mailbox;
  readonly wheel: TimerWheel;
  readonly log = { emit: (): void => {} };
  readonly backendThread: BackendThread;
  readonly #handlers: { readonly reasons: number; readonly handler: (reasons: number) => void }[] = [];
  #wakeTimer: NodeJS.Timeout | undefined = undefined;
  #stopped = false;

  constructor(handle: SegmentHandle, identity: ThreadIdentity) {
    this.index = identity.thread - 1;
    this.incarnation = identity.incarnation;
    this.segment = new Segment(handle, identity);
    this.mailbox = new Mailbox(this.segment);
    this.refresh();
    this.wheel = new TimerWheel({
      now: () => {
        this.refresh();
        return this.now;
      },
      wakeIn: (ms) => {
        clearTimeout(this.#wakeTimer);
        this.#wakeTimer = setTimeout(() => this.wheel.run(), ms);
      },
      sleep: () => clearTimeout(this.#wakeTimer),
    });
    this.backendThread = new BackendThread(this);
    void this.#listen();
  }

  refresh(): void {
    this.now = Number(process.hrtime.bigint() / 1000n) / 1000;
  }

  dateNow(): number {
    return Date.now();
  }

  onWake(reasons: number, handler: (reasons: number) => void): void {
    this.#handlers.push({ reasons, handler });
  }

  build(plan: Plan): Backend {
    const { config, proxies } = plan;
    const section = { config: config.proxies[0], plan: proxies[0] };
    return this.backendThread.create(section, 0, fullconns(plan)[0], plan);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#wakeTimer);
    this.mailbox.post(this.segment.identity.thread, Wake.message);
  }

  async #listen(): Promise<void> {
    while (!this.#stopped) {
      const { words, index } = this.mailbox;
      const wait = Atomics.waitAsync(words, index, 0);
      if (wait.async) await wait.value;
      this.refresh();
      const reasons = this.mailbox.take();
      for (const entry of this.#handlers) if ((entry.reasons & reasons) !== 0) entry.handler(reasons);
    }
  }
}

/** A segment with one data thread, for tests that need no second one. */
export function singleThread(): { readonly owner: SegmentOwner; readonly start: () => TestThread } {
  const owner = new SegmentOwner({ maxThreads: 4, ticketsPerThread: 256 });
  return {
    owner,
    start: () => {
      owner.useThread(1);
      return new TestThread(owner.handle(), { thread: 1, incarnation: 1 });
    },
  };
}
