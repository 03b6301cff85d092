/**
 * Every field that can be changed at run time and lasts: what the file says of it, and how a value comes to count, now and on
 * every thread. A command that changes something has a row here; with it the change is kept over reloads and restarts, is
 * listed by `show config diff` and can be taken back.
 *
 * Values are words as the file has them. `put` gets a value that a command has checked, or undefined for what the configuration
 * says.
 */

import type { GivenAddress, HealthMonitor, WatchedServer } from '@evenkeel/checks';
import { formatAddress, isAdded, parseAddress } from '@evenkeel/config';
import type { Global, Proxy, Server } from '@evenkeel/config';
import { PROCESS_SLOT } from '@evenkeel/proxy/main';
import type { Plan } from '@evenkeel/proxy';
import { FrontendState, RuntimeLimit } from '@evenkeel/shm';
import type { Segment } from '@evenkeel/shm';
import type { Resolvers } from '../resolvers/resolvers.ts';
import type { AskThreads } from '../supervisor.ts';
import type { ChangedObject } from './change.ts';
import type { ConfigIndex } from './config-index.ts';
import type { FileValue } from './merge.ts';

/** What rows may touch of the process. */
export interface LiveProcess {
  /** The generation that serves or, at the start, is about to. */
  plan(): Plan;
  readonly segment: Segment;
  readonly health: HealthMonitor;
  readonly resolvers: Pick<Resolvers, 'rename'>;
  readonly ask: AskThreads;
  /** Limits are others: connections that wait for a place are to look again. */
  wakeWaiting(): void;
}

interface FieldOf<Model, Place> {
  readonly name: string;
  fileValue(model: Model): string;
  put(place: Place, value: string | undefined): void;
}

export interface ServerPlace {
  readonly process: LiveProcess;
  readonly slot: number;
  readonly server: Server;
  readonly watched: WatchedServer;
}

export interface ProxyPlace {
  readonly process: LiveProcess;
  readonly proxy: Proxy;
  /** Its place in the plan. */
  readonly index: number;
}

export interface GlobalPlace {
  readonly process: LiveProcess;
  readonly global: Global;
}

const numberText = (value: number | undefined): string => (value === undefined ? '' : String(value));
/** Where nothing is said nothing is limited, which a command says by 0. */
const limitText = (value: number | undefined): string => String(value ?? 0);

/** A server that was added asks nothing until it is told to (management manual, section 9.3 "add server"). */
const asks = (server: Server): string => (isAdded(server) ? 'disabled' : 'enabled');
const checkValue = (server: Server): string => (server.check ? asks(server) : '');
const agentValue = (server: Server): string => (server.agentCheck ? asks(server) : '');

const SERVER_FIELDS: readonly FieldOf<Server, ServerPlace>[] = [
  {
    name: 'state',
    fileValue: ({ disabled }) => (disabled ? 'maint' : 'ready'),
    put({ watched, server }, value = server.disabled ? 'maint' : 'ready') {
      watched.administer(value as 'ready' | 'drain' | 'maint');
    },
  },
  {
    name: 'weight',
    fileValue: ({ weight }) => String(weight),
    put({ watched, server }, value) {
      if (value !== undefined) watched.setWeight(Number(value));
      else if (watched.weight !== server.weight) watched.setWeight(server.weight);
    },
  },
  {
    name: 'agent',
    fileValue: agentValue,
    put({ process, slot, server }, value = agentValue(server)) {
      process.health.pauseAgent(slot, value === 'disabled');
    },
  },
  {
    name: 'agent-addr',
    fileValue: ({ agentAddress }) => agentAddress ?? '',
    put: ({ process, slot }, value) => void process.health.changeAgent(slot, { host: value }),
  },
  {
    name: 'agent-port',
    fileValue: ({ agentPort }) => numberText(agentPort),
    put: ({ process, slot }, value) =>
      void process.health.changeAgent(slot, { port: value === undefined ? undefined : Number(value) }),
  },
  {
    name: 'agent-send',
    fileValue: ({ agentSend }) => agentSend,
    put: ({ process, slot }, value) => void process.health.changeAgent(slot, { send: value }),
  },
  {
    name: 'maxconn',
    fileValue: ({ maxconn }) => limitText(maxconn),
    put({ watched, server }, value) {
      watched.setMaxconn(value === undefined ? (server.maxconn ?? 0) : Number(value));
    },
  },
  {
    name: 'addr',
    fileValue: ({ address }) => formatAddress(address),
    put: ({ process, slot }, value) => process.health.move(slot, value === undefined ? undefined : givenAddress(value)),
  },
  {
    name: 'fqdn',
    fileValue: ({ address }) => (address.kind === 'inet' ? address.host : ''),
    put: ({ process, slot }, value) => process.resolvers.rename(slot, value),
  },
  {
    name: 'check',
    fileValue: checkValue,
    put: ({ process, slot, server }, value = checkValue(server)) =>
      void process.health.pauseChecks(slot, value === 'disabled'),
  },
  {
    name: 'check-addr',
    fileValue: ({ checkAddress }) => checkAddress ?? '',
    put: ({ process, slot }, value) => process.health.changeCheck(slot, { host: value }),
  },
  {
    name: 'check-port',
    fileValue: ({ checkPort }) => numberText(checkPort),
    put: ({ process, slot }, value) =>
      process.health.changeCheck(slot, { port: value === undefined || value === '' ? undefined : Number(value) }),
  },
];

/** `10.0.0.1:80`, `[2001:db8::1]:+1000`, without a port where the configuration's holds. */
function givenAddress(text: string): GivenAddress | undefined {
  const result = parseAddress(text, { port: 'optional', offset: true });
  if (!result.ok || result.address.kind !== 'inet') return undefined;
  const { host, port } = result.address;
  return {
    host,
    port: port === undefined || port.relative ? undefined : port.first,
    name: undefined,
    ...(port?.relative === true ? { portOffset: port.first } : {}),
  };
}

function putLimit(limit: RuntimeLimit, value: string | undefined, process: LiveProcess): void {
  limit.give(value === undefined || value === '' ? undefined : Number(value));
  process.wakeWaiting();
}

const BACKEND_FIELDS: readonly FieldOf<Proxy, ProxyPlace>[] = [];

const FRONTEND_FIELDS: readonly FieldOf<Proxy, ProxyPlace>[] = [
  {
    name: 'maxconn',
    fileValue: ({ maxconn }) => numberText(maxconn),
    put({ process, index }, value) {
      const { frontendSlot } = process.plan().proxies[index];
      putLimit(RuntimeLimit.ofFrontend(process.segment, frontendSlot), value, process);
    },
  },
  {
    name: 'state',
    fileValue: () => 'enabled',
    put({ process, index }, value) {
      const { frontendSlot } = process.plan().proxies[index];
      const state = new FrontendState(process.segment, frontendSlot);
      if (state.condition === 'shut') return;
      state.condition = value === 'disabled' ? 'disabled' : 'open';
      void process.ask({ type: 'frontend', frontendSlot, condition: state.condition });
    },
  },
];

const GLOBAL_FIELDS: readonly FieldOf<Global, GlobalPlace>[] = [
  {
    name: 'maxconn',
    fileValue: ({ maxconn }) => numberText(maxconn),
    put: ({ process }, value) =>
      putLimit(RuntimeLimit.ofProcess(process.segment, PROCESS_SLOT, 'maxconn'), value, process),
  },
  {
    name: 'maxconnrate',
    fileValue: ({ maxconnrate }) => limitText(maxconnrate),
    put: ({ process }, value) =>
      putLimit(RuntimeLimit.ofProcess(process.segment, PROCESS_SLOT, 'connRate'), value, process),
  },
  {
    name: 'maxsessrate',
    fileValue: ({ maxsessrate }) => limitText(maxsessrate),
    put: ({ process }, value) =>
      putLimit(RuntimeLimit.ofProcess(process.segment, PROCESS_SLOT, 'sessRate'), value, process),
  },
];

/** What `config` says of a field. */
export function fileValue(config: ConfigIndex, object: ChangedObject, field: string): FileValue {
  switch (object.kind) {
    case 'server':
      return valueOf(SERVER_FIELDS, config.server(object.name)?.server, field);
    case 'backend':
      return valueOf(BACKEND_FIELDS, config.proxy('backend', object.name)?.proxy, field);
    case 'frontend':
      return valueOf(FRONTEND_FIELDS, config.proxy('frontend', object.name)?.proxy, field);
    case 'global':
      return valueOf(GLOBAL_FIELDS, config.config.global, field);
  }
}

function valueOf<Model>(fields: readonly FieldOf<Model, never>[], model: Model | undefined, name: string): FileValue {
  if (model === undefined) return { type: 'gone' };
  const field = fields.find((one) => one.name === name);
  return field === undefined ? { type: 'unknown' } : { type: 'value', value: field.fileValue(model) };
}

/** Makes a value count. Nothing happens where the object or the field is not known. `config` is that of the process's plan. */
export function put(
  process: LiveProcess,
  config: ConfigIndex,
  object: ChangedObject,
  field: string,
  value: string | undefined,
): void {
  switch (object.kind) {
    case 'server': {
      const found = config.server(object.name);
      if (found === undefined) return;
      const slot = process.plan().proxies[found.index].serverSlots[found.position];
      const watched = process.health.server(slot);
      if (watched === undefined) return;
      named(SERVER_FIELDS, field)?.put({ process, slot, server: found.server, watched }, value);
      return;
    }
    case 'backend':
    case 'frontend': {
      const found = config.proxy(object.kind, object.name);
      if (found === undefined) return;
      named(object.kind === 'backend' ? BACKEND_FIELDS : FRONTEND_FIELDS, field)?.put({ process, ...found }, value);
      return;
    }
    case 'global':
      named(GLOBAL_FIELDS, field)?.put({ process, global: config.config.global }, value);
  }
}

function named<Model, Place>(
  fields: readonly FieldOf<Model, Place>[],
  name: string,
): FieldOf<Model, Place> | undefined {
  return fields.find((field) => field.name === name);
}
