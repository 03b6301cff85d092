/**
 * `set maxconn …`, `set rate-limit …` (management manual, section 9.3), and the limits that hold now. HAProxy takes what is no
 * number for 0, which would close a frontend for a slip of the pen: here such a word is refused with its own sentences.
 */

import { GLOBAL } from '@evenkeel/control';
import type { Proxy } from '@evenkeel/config';
import { MAX_RUNTIME_LIMIT, RuntimeLimit } from '@evenkeel/shm';
import { change } from './change.ts';
import type { Command } from './cli/command.ts';
import { findProxy } from './find-proxy.ts';
import { findServer } from './find-server.ts';
import type { Runtime } from './runtime.ts';

/** The process has one object of its kind in shared memory. */
const PROCESS_SLOT = 0;

/** Limits of the process as they hold now: connections at a time, connections and sessions a second (0: no limit). */
export function processLimit(runtime: Runtime, limit: 'maxconn' | 'connRate' | 'sessRate'): number {
  const { maxconn, maxconnrate, maxsessrate } = runtime.plan().limits;
  const configured = { maxconn, connRate: maxconnrate, sessRate: maxsessrate };
  return RuntimeLimit.ofProcess(runtime.segment, PROCESS_SLOT, limit).over(configured[limit]);
}

/** `maxconn` of a frontend as it holds now. `slot` is the frontend's. */
export function frontendLimit(runtime: Runtime, proxy: Proxy, slot: number): number {
  return RuntimeLimit.ofFrontend(runtime.segment, slot).over(proxy.maxconn ?? runtime.plan().limits.maxconn);
}

const RANGE = 'Value out of range.\n';

/** Undefined for what is no number. */
function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

export const setMaxconnFrontend: Command = {
  words: ['set', 'maxconn', 'frontend'],
  parameters: '<frontend> <value>',
  help: "change a frontend's maxconn setting",
  level: 'admin',
  isSilent: true,
  run(context, [name, value]) {
    const found = findProxy(context.runtime, 'frontend', name);
    if ('fault' in found) return found.fault;
    const limit = integer(value);
    if (limit === undefined) return 'Integer value expected.\n';
    if (limit < 0 || limit > MAX_RUNTIME_LIMIT) return RANGE;
    // Back at what the frontend has without a word of its own, nothing is changed any more.
    const { config, limits } = context.runtime.plan();
    const isInherited = config.proxies[found.index].maxconn === undefined && limit === limits.maxconn;
    return change(context, found.object, { maxconn: isInherited ? '' : String(limit) });
  },
};

export const setMaxconnGlobal: Command = {
  words: ['set', 'maxconn', 'global'],
  parameters: '<value>',
  help: 'change the per-process maxconn setting',
  level: 'admin',
  isSilent: true,
  run(context, [value]) {
    const limit = integer(value);
    if (limit === undefined) return 'Expects an integer value.\n';
    const highest = context.runtime.plan().limits.maxconn;
    if (limit < 0 || limit > highest) return RANGE;
    // "A value of zero restores the initial setting."
    const { maxconn } = context.runtime.plan().config.global;
    const restored = maxconn === undefined ? '' : String(maxconn);
    return change(context, GLOBAL, { maxconn: limit === 0 || limit === highest ? restored : String(limit) });
  },
};

export const setMaxconnServer: Command = {
  words: ['set', 'maxconn', 'server'],
  parameters: '<bk>/<srv>',
  help: "change a server's maxconn setting",
  level: 'admin',
  isSilent: true,
  run(context, [name, value]) {
    const found = findServer(context, name);
    if ('fault' in found) return found.fault;
    if (value === undefined || value === '') return 'Require <maxconn>.\n';
    const [, digits, rest] = /^([+-]?\d+)?(.*)$/s.exec(value)!;
    if (digits === undefined) return 'maxconn string empty or preceded by garbage';
    if (rest !== '') return 'Trailing garbage in maxconn string';
    const limit = Number(digits);
    if (limit < 0 || limit > MAX_RUNTIME_LIMIT) return RANGE;
    return change(context, found.object, { maxconn: String(limit) });
  },
};

const RATE_LIMITS =
  "'set rate-limit' only supports :\n" +
  "   - 'connections global' to set the per-process maximum connection rate\n" +
  "   - 'sessions global' to set the per-process maximum session rate\n" +
  "   - 'ssl-sessions global' to set the per-process maximum SSL session rate\n" +
  "   - 'http-compression global' to set the per-process maximum compression speed in kB/s\n";

/** What each form sets. */
const RATE_FIELDS: ReadonlyMap<string, string> = new Map([
  ['connections', 'maxconnrate'],
  ['sessions', 'maxsessrate'],
]);
/** Rates of what this version does not do. */
const IDLE_RATES: ReadonlyMap<string, string> = new Map([
  ['ssl-sessions', 'no TLS is served, so there is no rate of it to limit.\n'],
  ['http-compression', 'nothing is compressed, so there is no rate of it to limit.\n'],
]);

export const setRateLimit: Command = {
  words: ['set', 'rate-limit'],
  parameters: '<setting> <value>',
  help: 'change a rate limiting value',
  level: 'admin',
  isSilent: true,
  run(context, [setting = '', scope, value]) {
    const field = RATE_FIELDS.get(setting);
    const idle = IDLE_RATES.get(setting);
    if (scope !== 'global' || (field === undefined && idle === undefined)) return RATE_LIMITS;
    const limit = integer(value);
    if (limit === undefined) return 'Expects an integer value.\n';
    if (limit < 0 || limit > MAX_RUNTIME_LIMIT) return RANGE;
    return field === undefined ? idle! : change(context, GLOBAL, { [field]: String(limit) });
  },
};
