// Server states from files, version 1, as `show servers state` writes them (management manual 9.3), and what of them a server
// takes over at the start (manual "load-server-state-from-file"). Pure: files are read by the caller.

import { AdminState } from '@evenkeel/shm';
import { inMaintenance, maxHealth, type HealthSettings, type HealthState, type Operational } from './health.ts';

export interface SavedState {
  /** Numeric address; '-' where there was none. */
  readonly address: string;
  readonly port: number;
  readonly operational: Operational;
  /** Bits of AdminState. */
  readonly admin: number;
  readonly userWeight: number;
  readonly initialWeight: number;
  readonly sinceChangeS: number;
  readonly checkStatus: number;
  readonly checkResult: number;
  readonly checkHealth: number;
  /** Bits of CheckState. */
  readonly checkState: number;
}

export interface StateFile {
  /** By backend and server name. */
  find(backend: string, server: string): SavedState | undefined;
}

export type StateFileResult =
  | { readonly ok: true; readonly states: StateFile }
  | { readonly ok: false; readonly reason: string };

const OPERATIONAL: readonly Operational[] = ['stopped', 'starting', 'running', 'stopping'];

/** Columns of version 1; files of older versions lack the last ones. */
const MIN_FIELDS = 20;
const MAX_FIELDS = 25;

/** Lines that cannot be read, as HAProxy does, are passed over. */
export function parseStateFile(text: string): StateFileResult {
  const lines = text.split('\n');
  const version = /^\d+/.exec(lines[0] ?? '')?.[0];
  if (version === undefined || Number(version) !== 1) return { ok: false, reason: 'version' };
  const states = new Map<string, SavedState>();
  for (const line of lines.slice(1)) {
    if (line.startsWith('#')) continue;
    const fields = line.split(' ').filter((field) => field !== '');
    if (fields.length < MIN_FIELDS || fields.length > MAX_FIELDS) continue;
    const state = readState(fields);
    if (state !== undefined) states.set(`${fields[1]}/${fields[3]}`, state);
  }
  return { ok: true, states: { find: (backend, server) => states.get(`${backend}/${server}`) } };
}

function readState(fields: readonly string[]): SavedState | undefined {
  const number = (index: number, max: number): number => {
    const value = /^\d+$/.test(fields[index]) ? Number(fields[index]) : NaN;
    return value <= max ? value : NaN;
  };
  const state = {
    address: fields[4],
    operational: OPERATIONAL[number(5, 3)],
    admin: number(6, 0x7f),
    userWeight: number(7, 256),
    initialWeight: number(8, 256),
    sinceChangeS: number(9, 0x7fffffff),
    checkStatus: number(10, 63),
    checkResult: number(11, 4),
    checkHealth: number(12, 0x7fffffff),
    checkState: number(13, 31),
    port: number(18, 65535),
  };
  return state.operational === undefined || Object.values(state).some((value) => Number.isNaN(value))
    ? undefined
    : state;
}

export interface RestoredState {
  readonly health: Pick<HealthState, 'operational' | 'admin' | 'health'>;
  /** Undefined where the configuration's applies. */
  readonly weight: number | undefined;
}

/** `fresh`: as the configuration alone has it. */
export function restoredState(
  saved: SavedState,
  config: HealthSettings & { readonly weight: number },
  fresh: HealthState,
): RestoredState {
  const admin = restoredAdmin(saved, config.weight, fresh.admin);
  const weight = saved.initialWeight === config.weight ? saved.userWeight : undefined;
  if (inMaintenance(admin)) return { health: { admin, operational: 'stopped', health: 0 }, weight };
  return { health: { admin, ...restoredHealth(saved, config) }, weight };
}

function restoredHealth(
  { operational }: SavedState,
  settings: HealthSettings,
): Pick<HealthState, 'operational' | 'health'> {
  const { rise, fall } = settings;
  switch (operational) {
    case 'stopped':
      return { operational, health: 0 };
    case 'starting':
      return rise === 1 ? { operational: 'running', health: maxHealth(settings) } : { operational, health: rise - 1 };
    case 'stopping':
      return fall === 1 ? { operational: 'stopped', health: 0 } : { operational, health: rise };
    case 'running':
      return { operational, health: maxHealth(settings) };
  }
}

/** What the file disabled or enabled since then wins; otherwise what was set at run time stays. */
function restoredAdmin(saved: SavedState, weight: number, fresh: number): number {
  const { configMaintenance, forcedMaintenance, forcedDrain } = AdminState;
  let admin = fresh;
  if ((saved.admin & configMaintenance) === (fresh & configMaintenance))
    admin = (saved.admin & forcedMaintenance) !== 0 ? admin | forcedMaintenance : admin & ~forcedMaintenance;
  // A drain that came of a weight of 0 in the file ends with that weight.
  const wasDrained = (saved.admin & forcedDrain) !== 0 && (saved.initialWeight > 0 || weight === 0);
  return wasDrained && (admin & forcedMaintenance) === 0 ? admin | forcedDrain : admin;
}
