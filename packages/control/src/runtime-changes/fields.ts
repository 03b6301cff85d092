/**
 * Every field that can be changed at run time and lasts: what the file says of it, and how a value comes to count, now and on
 * every thread. A command that changes something has a row here; with it the change is kept over reloads and restarts, is
 * listed by `show config diff` and can be taken back.
 *
 * Values are words as the file has them. `put` gets a value that a command, or `fault`, has checked, or undefined for what the
 * configuration says.
 */

import type { GivenAddress, HealthMonitor, WatchedServer } from '@evenkeel/checks';
import { formatAddress, isAdded, parseAddress } from '@evenkeel/config';
import type { Global, Proxy, Server } from '@evenkeel/config';
import { hasDynamicWeights, PROCESS_SLOT } from '@evenkeel/proxy/main';
import type { Plan } from '@evenkeel/proxy';
import { FrontendState, MAX_RUNTIME_LIMIT, RuntimeLimit } from '@evenkeel/shm';
import type { Segment } from '@evenkeel/shm';
import type { Resolvers } from '../resolvers/resolvers.ts';
import type { AskThreads } from '../supervisor.ts';
import type { ChangedObject } from './change.ts';
import type { ConfigIndex } from './config-index.ts';
import type { FileValue } from './merge.ts';
import {
  bytes,
  hostName,
  hostNameOrAddress,
  integerWithin,
  numericAddress,
  oneOf,
  orNothing,
  port,
  serverAddress,
} from './value-rules.ts';

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
  /** What is wrong with a value that an earlier process has kept; `backend` is that of a server. */
  fault(value: string, model: Model, backend: Proxy | undefined): string | undefined;
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

const ENABLED = oneOf('enabled', 'disabled');
const LIMIT = orNothing(integerWithin(0, MAX_RUNTIME_LIMIT));

/** 256 is the most that algorithms reckon with (manual 5.2 "weight"). */
const WEIGHT = integerWithin(0, 256);

function weightFault(value: string, { weight }: Server, backend: Proxy | undefined): string | undefined {
  const isStatic = backend !== undefined && !hasDynamicWeights(backend);
  if (isStatic && value !== '0' && value !== String(weight)) return 'the algorithm of its backend has static weights';
  return WEIGHT(value);
}

const SERVER_FIELDS: readonly FieldOf<Server, ServerPlace>[] = [
  {
    name: 'state',
    fileValue: ({ disabled }) => (disabled ? 'maint' : 'ready'),
    fault: oneOf('ready', 'drain', 'maint'),
    put({ watched, server }, value = server.disabled ? 'maint' : 'ready') {
      watched.administer(value as 'ready' | 'drain' | 'maint');
    },
  },
  {
    name: 'weight',
    fileValue: ({ weight }) => String(weight),
    fault: weightFault,
    put({ watched, server }, value) {
      if (value !== undefined) watched.setWeight(Number(value));
      else if (watched.weight !== server.weight) watched.setWeight(server.weight);
    },
  },
  {
    name: 'agent',
    fileValue: agentValue,
    fault: ENABLED,
    put({ process, slot, server }, value = agentValue(server)) {
      process.health.pauseAgent(slot, value === 'disabled');
    },
  },
  {
    name: 'agent-addr',
    fileValue: ({ agentAddress }) => agentAddress ?? '',
    fault: hostNameOrAddress,
    put: ({ process, slot }, value) => void process.health.changeAgent(slot, { host: value }),
  },
  {
    name: 'agent-port',
    fileValue: ({ agentPort }) => numberText(agentPort),
    fault: port,
    put: ({ process, slot }, value) =>
      void process.health.changeAgent(slot, { port: value === undefined ? undefined : Number(value) }),
  },
  {
    name: 'agent-send',
    fileValue: ({ agentSend }) => agentSend,
    fault: bytes,
    put: ({ process, slot }, value) => void process.health.changeAgent(slot, { send: value }),
  },
  {
    name: 'maxconn',
    fileValue: ({ maxconn }) => limitText(maxconn),
    fault: integerWithin(0, MAX_RUNTIME_LIMIT),
    put({ watched, server }, value) {
      watched.setMaxconn(value === undefined ? (server.maxconn ?? 0) : Number(value));
    },
  },
  {
    name: 'addr',
    fileValue: ({ address }) => formatAddress(address),
    fault: (value, { address }) =>
      address.kind === 'inet' ? serverAddress(value) : 'the file gives it a socket of another kind',
    put: ({ process, slot }, value) => process.health.move(slot, value === undefined ? undefined : givenAddress(value)),
  },
  {
    name: 'fqdn',
    fileValue: ({ address }) => (address.kind === 'inet' ? address.host : ''),
    fault: hostName,
    put: ({ process, slot }, value) => process.resolvers.rename(slot, value),
  },
  {
    name: 'check',
    fileValue: checkValue,
    fault: ENABLED,
    put: ({ process, slot, server }, value = checkValue(server)) =>
      void process.health.pauseChecks(slot, value === 'disabled'),
  },
  {
    name: 'check-addr',
    fileValue: ({ checkAddress }) => checkAddress ?? '',
    fault: numericAddress,
    put: ({ process, slot }, value) => process.health.changeCheck(slot, { host: value }),
  },
  {
    name: 'check-port',
    fileValue: ({ checkPort }) => numberText(checkPort),
    fault: port,
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
    fault: LIMIT,
    put({ process, index }, value) {
      const { frontendSlot } = process.plan().proxies[index];
      putLimit(RuntimeLimit.ofFrontend(process.segment, frontendSlot), value, process);
    },
  },
  {
    name: 'state',
    fileValue: () => 'enabled',
    fault: ENABLED,
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
    fault: LIMIT,
    put({ process }, value) {
      // A process that has fewer descriptors than the one before cannot keep what that was given.
      const highest = process.plan().limits.maxconn;
      const limit = value === undefined || value === '' ? value : String(Math.min(Number(value), highest));
      putLimit(RuntimeLimit.ofProcess(process.segment, PROCESS_SLOT, 'maxconn'), limit, process);
    },
  },
  {
    name: 'maxconnrate',
    fileValue: ({ maxconnrate }) => limitText(maxconnrate),
    fault: LIMIT,
    put: ({ process }, value) =>
      putLimit(RuntimeLimit.ofProcess(process.segment, PROCESS_SLOT, 'connRate'), value, process),
  },
  {
    name: 'maxsessrate',
    fileValue: ({ maxsessrate }) => limitText(maxsessrate),
    fault: LIMIT,
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
    default:
      // A journal may come from a newer version.
      return { type: 'unknown' };
  }
}

/**
 * What is wrong with a value that an earlier process has kept: a journal may be of another version, or edited by hand. Undefined
 * where nothing is, also where the object or the field is not known.
 */
export function valueFault(
  config: ConfigIndex,
  object: ChangedObject,
  field: string,
  value: string,
): string | undefined {
  switch (object.kind) {
    case 'server': {
      const found = config.server(object.name);
      if (found === undefined) return undefined;
      return named(SERVER_FIELDS, field)?.fault(value, found.server, config.config.proxies[found.index]);
    }
    case 'backend':
    case 'frontend': {
      const found = config.proxy(object.kind, object.name);
      const fields = object.kind === 'backend' ? BACKEND_FIELDS : FRONTEND_FIELDS;
      return found === undefined ? undefined : named(fields, field)?.fault(value, found.proxy, undefined);
    }
    case 'global':
      return named(GLOBAL_FIELDS, field)?.fault(value, config.config.global, undefined);
    default:
      return undefined;
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
