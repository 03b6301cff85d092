// What the runner is told of a server that is to be checked, or whose agent is to be asked: protocol, addresses, limits, and
// who takes the results. Knows nothing of when that starts or ends: the monitor does.
//
// The runner asks anew before each check what may change meanwhile, so that a reload that leaves a check as it is need not
// begin it again.

import type { Server as ServerConfig } from '@evenkeel/config';
import {
  createCompiler,
  type Compiler,
  type ExpressionEnvironment,
  type ProxyView,
  type Variables,
} from '@evenkeel/expr';
import type { Segment, Tickets } from '@evenkeel/shm';
import { agentLimits, agentTarget, type AgentChanges } from './agent/agent-target.ts';
import { allOf } from './all-of.ts';
import { checkConnection, checkLimits, type CheckChanges } from './check-target.ts';
import type { CheckSubject, Protocol } from './conversation.ts';
import { intervalOf, spreadInterval } from './interval.ts';
import type { MonitoredBackend, MonitoredGeneration, MonitoredServer } from './monitored.ts';
import { agentProtocol } from './protocols/agent.ts';
import { createProtocol } from './protocols.ts';
import type { RulesetSettings } from './ruleset/compile.ts';
import type { CheckTarget } from './runner.ts';
import { stateText } from './state-text.ts';
import { backendView, checkSubject } from './subject.ts';
import type { WatchedServer } from './watched-server.ts';

/** What checks need of the process. */
export interface CheckEnvironment {
  readonly segment: Segment;
  /** Monotonic ms. */
  now(): number;
  /** Epoch ms. */
  dateNow(): number;
  /** 0 to 1, for `spread-checks`. */
  random(): number;
  /** What sample expressions and log formats of rules read of the process. */
  readonly expressions: ExpressionEnvironment;
  /** A check could not connect in time: perhaps the server has moved (manual 5.3.1). */
  onConnectTimeout?(slot: number): void;
}

/** What the targets read of the monitor. */
export interface CheckedServers {
  readonly tickets: Tickets;
  /** The one whose settings apply. */
  readonly generation: MonitoredGeneration | undefined;
  server(slot: number): WatchedServer | undefined;
}

export class CheckTargets {
  readonly #environment: CheckEnvironment;
  readonly #servers: CheckedServers;
  readonly #compiler: Compiler;
  /** Scope `proc` of variables, which outlives generations. */
  readonly #processVariables: Variables = new Map();

  constructor(environment: CheckEnvironment, servers: CheckedServers) {
    this.#environment = environment;
    this.#servers = servers;
    this.#compiler = createCompiler({
      ...environment.expressions,
      proxy: (name, side) => (side === 'backend' ? this.#viewByName(name) : undefined),
    });
  }

  /** Undefined where there is nowhere to go. */
  check(watched: WatchedServer, changes: CheckChanges): CheckTarget | undefined {
    const { backend, server } = watched;
    const connection = checkConnection(backend, server, changes);
    if (connection === undefined) return undefined;
    const { segment } = this.#environment;
    return {
      protocol: this.#protocolOf(backend, server),
      localAddress: localAddress(watched),
      subject: () =>
        checkSubject(segment, this.#view(watched.backend), watched.server, connection, this.#standing(watched)),
      limits: () => checkLimits(watched.backend, watched.server.config),
      nextIntervalMs: () => {
        const { config } = watched.server;
        return this.#spread(intervalOf(config, watched.health, config));
      },
      onBegin: () => watched.begin(),
      onResult: (result) => {
        if (result.status === 'L4TOUT') this.#environment.onConnectTimeout?.(watched.server.slot);
        watched.take(result);
      },
      onVoid: () => watched.skip(),
    };
  }

  /** Undefined where no agent is to be asked. `afterwards` is called after each answer, and where none was found out. */
  agent(watched: WatchedServer, changes: AgentChanges, afterwards: () => void): CheckTarget | undefined {
    const asked = agentTarget(watched.server, changes);
    if (asked === undefined) return undefined;
    const { agent } = watched;
    const { segment } = this.#environment;
    return {
      protocol: agentProtocol(asked.send),
      localAddress: localAddress(watched),
      subject: () =>
        checkSubject(segment, this.#view(watched.backend), watched.server, asked.connection, this.#standing(watched)),
      limits: () => agentLimits(watched.backend, watched.server),
      nextIntervalMs: () => this.#spread(watched.server.config.agentInterMs),
      onBegin: () => agent.begin(),
      onResult: (result) => {
        agent.take(result);
        afterwards();
      },
      onVoid: () => {
        agent.skip();
        afterwards();
      },
    };
  }

  /** Backends whose checks the server's checks consist of besides those of its own. */
  further(config: ServerConfig): MonitoredBackend[] {
    const { generation } = this.#servers;
    return config.checkAnd.flatMap((name) => generation?.backends.find((backend) => backend.name === name) ?? []);
  }

  #spread(intervalMs: number): number {
    return spreadInterval(intervalMs, this.#servers.generation?.spreadPercent ?? 0, this.#environment.random());
  }

  #view(backend: MonitoredBackend): ProxyView {
    const current = (): MonitoredBackend =>
      this.#servers.generation?.backends.find(({ slot }) => slot === backend.slot) ?? backend;
    return backendView(this.#servers.tickets, current, () => this.#environment.now());
  }

  #viewByName(name: string): ProxyView | undefined {
    const backend = this.#servers.generation?.backends.find((one) => one.name === name);
    return backend === undefined ? undefined : this.#view(backend);
  }

  /** The check of the backend, and those of the backends that the server names besides. */
  #protocolOf(backend: MonitoredBackend, { config }: MonitoredServer): Protocol {
    const settings = this.#rulesetSettings();
    const make = ({ check, externalCheck }: MonitoredBackend): Protocol =>
      createProtocol(check, settings, externalCheck);
    return allOf(
      make(backend),
      this.further(config).map((one) => ({ name: one.name, protocol: make(one) })),
    );
  }

  /** What the rules of all checks share; made for each set of checks that starts, as settings may change. */
  #rulesetSettings(): RulesetSettings {
    const { bufferBytes, maxHeaders } = this.#servers.generation!.checks;
    return {
      compiler: this.#compiler,
      bufferBytes,
      maxHeaders,
      processVariables: this.#processVariables,
      dateNow: () => this.#environment.dateNow(),
    };
  }

  /** How a server stands, for those who tell it. */
  #standing(watched: WatchedServer): Pick<CheckSubject, 'stateText' | 'isUp'> {
    return {
      isUp: () => watched.health.operational !== 'stopped',
      stateText: () => {
        const nodeName = this.#servers.generation?.checks.nodeName ?? '';
        const { backend } = watched;
        const all = backend.servers.flatMap(({ slot }) => this.#servers.server(slot) ?? []);
        return stateText(watched.standing(all, nodeName));
      },
    };
  }
}

/** `source` of the server line, or of its backend. */
function localAddress({ server, backend }: WatchedServer): string | undefined {
  const source = (server.config.source ?? backend.source)?.address;
  return source?.kind === 'inet' ? source.host : undefined;
}
