/**
 * `show stat` (management manual, sections 9.1 to 9.3): the counters of every proxy and server as CSV, typed or as JSON. Rows
 * are built from shared memory while the client reads them; the data plane is not involved. A reload meanwhile does not
 * disturb the list: it goes on with the proxies and servers of the same names.
 */

import type { Proxy } from '@evenkeel/config';
import type { Plan } from '@evenkeel/proxy';
import { fullconns } from '@evenkeel/proxy/main';
import type { Command, Level, Reply } from './cli/command.ts';
import { Stream, fault } from './cli/command.ts';
import { resolverStatistics } from './resolver-statistics.ts';
import type { Runtime } from './runtime.ts';
import { At, FIGURES, HEADER, csvLine, tagsOf } from './statistics-columns.ts';
import type { Row } from './statistics-columns.ts';
import { backendRow, frontendRow, listenerRow, serverRow } from './statistics-rows.ts';
import { jsonFrame, typedFrame } from './typed-output.ts';
import type { Frame } from './typed-output.ts';
import { proxiesOf } from './walk.ts';
import type { WalkedProxy } from './walk.ts';

/** Bits of the TYPE argument. */
const TYPE_FRONTEND = 1;
const TYPE_BACKEND = 2;
const TYPE_SERVER = 4;
const TYPE_LISTENER = 8;

interface Selection {
  /** Proxy id, or undefined for all. */
  readonly proxy: number | undefined;
  readonly types: number;
  /** Server id, or undefined for all. */
  readonly server: number | undefined;
  readonly hideDown: boolean;
  readonly hideMaintenance: boolean;
}

/** What is written of a row, and around all of them. */
export type Form = 'csv' | 'typed' | 'json';

export const showStat: Command = {
  words: ['show', 'stat'],
  parameters: '[desc|json|no-maint|typed|up]*',
  help: 'report counters for each proxy and server',
  level: 'user',
  run({ runtime, level }, parameters): Reply {
    let rest = parameters;
    const [first, domain] = parameters;
    if (first === 'domain') {
      if (domain !== 'proxy' && domain !== 'resolvers') return fault('Invalid statistics domain.\n');
      rest = parameters.slice(2);
    }
    // The last one named wins, as on HAProxy.
    const form = (rest.findLast((word) => word === 'typed' || word === 'json') as Form | undefined) ?? 'csv';
    const describes = rest.includes('desc');
    if (domain === 'resolvers') return new Stream(resolverStatistics(runtime, form, describes));
    const selection = select(runtime, rest);
    if (typeof selection === 'string') return fault(selection);
    return new Stream(written(rows(runtime, selection), form, describes, level));
  },
};

/** The lines of all rows in CSV, without their header. */
export function csvRows(runtime: Runtime): Generator<string> {
  const everything = { proxy: undefined, types: -1, server: undefined, hideDown: false, hideMaintenance: false };
  return csvLines(rows(runtime, everything), 'admin');
}

function* csvLines(all: Iterable<Row>, level: Level): Generator<string> {
  for (const row of all) yield csvLine(shownTo(level, row));
}

function* written(all: Iterable<Row>, form: Form, describes: boolean, level: Level): Generator<string> {
  if (form === 'csv') {
    yield HEADER;
    yield* csvLines(all, level);
    return;
  }
  const frames = OBJECT_TYPES.map((_, type) => framesOf(type, form, describes));
  let separator = '[';
  for (const row of all) {
    const type = Number(row[At.type]);
    shownTo(level, row);
    if (form === 'typed') {
      yield typedRow(row, `${OBJECT_LETTERS[type]}.${row[At.iid]}.${row[At.sid]}.`, frames[type]);
    } else {
      const object = `"objType":"${OBJECT_TYPES[type]}","proxyId":${row[At.iid]},"id":${row[At.sid]},`;
      yield `${separator}[${jsonRow(row, object, frames[type])}]`;
      separator = ',';
    }
  }
  if (form === 'json') yield separator === '[' ? '[]\n' : ']\n';
}

/** By column `type`. */
const OBJECT_LETTERS = ['F', 'B', 'S', 'L'];
const OBJECT_TYPES = ['Frontend', 'Backend', 'Server', 'Listener'];

/** Where things are, and how persistence and balancing work, is not for everybody (manual, section 9.1, and HAProxy 2.6). */
function shownTo(level: Level, row: Row): Row {
  if (level === 'user') row[At.addr] = row[At.cookie] = row[At.algo] = undefined;
  return row;
}

/** What stands around each value of a kind of row, by place. */
function framesOf(type: number, form: 'typed' | 'json', describes: boolean): readonly Frame[] {
  return FIGURES.map((figure, position) => {
    const of = { ...figure, position, tags: tagsOf(figure, type) };
    return form === 'typed' ? typedFrame(of, describes) : jsonFrame(of);
  });
}

function typedRow(row: Row, object: string, frames: readonly Frame[]): string {
  let text = '';
  for (let place = 0; place < frames.length; place++) {
    const value = valueAt(row, place);
    if (value !== undefined) text += object + frames[place].before + value + frames[place].after;
  }
  return text;
}

function jsonRow(row: Row, object: string, frames: readonly Frame[]): string {
  let text = '';
  for (let place = 0; place < frames.length; place++) {
    const value = valueAt(row, place);
    if (value === undefined) continue;
    const { before, after } = frames[place];
    const json = typeof value === 'number' ? value : JSON.stringify(value);
    text += `${text === '' ? '{' : ',{'}${object}${before}${json}${after}`;
  }
  return text;
}

/** As its column's type says; undefined where the column is empty. */
function valueAt(row: Row, place: number): string | number | undefined {
  const value = row[place];
  if (value === undefined || value === '') return undefined;
  return typeof value === 'string' && FIGURES[place].type !== 'str' ? Number(value) : value;
}

/**
 * `[<iid|proxy> <type> <sid>] [up|no-maint]*`; an answer where the proxy does not exist. Numbers are read as HAProxy reads them: by
 * their first digits, 0 where there are none, -1 for everything. Other than there, three words such as `typed desc up` are no
 * proxy with its type and server.
 */
function select(runtime: Runtime, parameters: readonly string[]): Selection | string {
  const hideDown = parameters.includes('up');
  const flags = { hideDown, hideMaintenance: hideDown || parameters.includes('no-maint') };
  const [proxy, type, server] = parameters;
  if (server === undefined || OPTION_WORDS.has(proxy))
    return { proxy: undefined, types: EVERYTHING, server: undefined, ...flags };
  const iid = leadingNumber(proxy) || runtime.plan().config.proxies.find(({ name }) => name === proxy)?.id;
  if (iid === undefined) return 'No such proxy.\n';
  const sid = leadingNumber(server);
  return {
    proxy: iid === EVERYTHING ? undefined : iid,
    types: leadingNumber(type),
    server: sid === EVERYTHING ? undefined : sid,
    ...flags,
  };
}

/** In place of a number; of the types it has all bits. */
const EVERYTHING = -1;

const OPTION_WORDS: ReadonlySet<string> = new Set(['desc', 'json', 'no-maint', 'typed', 'up']);

const leadingNumber = (word: string): number => Number(/^[+-]?\d+/.exec(word)?.[0] ?? 0);

/** `fullconns` of a plan, which looks at every proxy, once for each plan. */
class Fullconns {
  #plan: Plan | undefined;
  #limits: readonly number[] = [];

  of(plan: Plan, index: number): number {
    if (plan !== this.#plan) {
      this.#plan = plan;
      this.#limits = fullconns(plan);
    }
    return this.#limits[index];
  }
}

function* rows(runtime: Runtime, selection: Selection): Generator<Row> {
  const limits = new Fullconns();
  for (const walked of proxiesOf(runtime)) yield* rowsOfProxy(runtime, selection, walked, limits);
}

function* rowsOfProxy(runtime: Runtime, selection: Selection, walked: WalkedProxy, limits: Fullconns): Generator<Row> {
  const { types } = selection;
  const start = walked.now();
  if (start === undefined) return;
  const { plan, index, proxy, slots } = start;
  if (proxy.disabled || (selection.proxy !== undefined && proxy.id !== selection.proxy)) return;
  if (hasFrontend(proxy) && (types & TYPE_FRONTEND) !== 0) yield frontendRow(runtime, proxy, slots.frontendSlot);
  if (proxy.options.socketStats && (types & TYPE_LISTENER) !== 0) {
    for (const listener of plan.listeners) if (listener.proxy === index) yield listenerRow(runtime, proxy, listener);
  }
  if (!hasBackend(proxy)) return;
  if ((types & TYPE_SERVER) !== 0) {
    for (const { here, server, slot } of walked.servers()) {
      if (selection.server !== undefined && server.id !== selection.server) continue;
      const row = serverRow(runtime, here.proxy, here.slots.backendSlot, server, slot);
      const status = String(row[At.status]);
      if (selection.hideMaintenance && status.startsWith('MAINT')) continue;
      if (selection.hideDown && status.startsWith('DOWN')) continue;
      yield row;
    }
  }
  const end = walked.now();
  if (end === undefined || (types & TYPE_BACKEND) === 0) return;
  const { backendSlot, serverSlots } = end.slots;
  yield backendRow(runtime, end.proxy, backendSlot, serverSlots, limits.of(end.plan, end.index));
}

function hasFrontend(proxy: Proxy): boolean {
  return proxy.kind !== 'backend';
}

function hasBackend(proxy: Proxy): boolean {
  return proxy.kind !== 'frontend';
}
