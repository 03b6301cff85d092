// The state of one server: what checks and operators say moves it, and nothing else may. Knows nothing of sockets, clocks,
// weights or logs: the monitor passes inputs in, and writes, logs and publishes what moved.
//
// Operational states are HAProxy's (management manual 9.3, `srv_op_state`):
//   stopped   no traffic
//   starting  up, weight still growing (`slowstart`)
//   running   up
//   stopping  up for those who are bound to it, no new sessions (`http-check disable-on-404`, soft stop)
// Beside them stand the administrative bits (`srv_admin_state`); while one of the maintenance bits is set the state is
// stopped and checks count for nothing. Draining is a bit only: the state goes on following the checks.
//
// `health` counts (manual: `rise`, `fall`): 0 .. rise - 1 is down, rise .. rise + fall - 1 is up. A server that was not yet
// checked stands at `rise`: one failure takes it down. A server that tracks another one has no checks of its own: it goes
// where that one goes. An agent that says "down" holds a server down whatever its checks find.

import { AdminState, DRAIN_BITS, MAINTENANCE_BITS } from '@evenkeel/shm';
import type { Verdict } from './status.ts';

export type Operational = 'stopped' | 'starting' | 'running' | 'stopping';

export interface HealthState {
  operational: Operational;
  /** Bits of AdminState. */
  admin: number;
  health: number;
  /** The state of the server that it tracks; undefined where it tracks none. */
  tracked: Operational | undefined;
  /** Its agent said that it is down, and has not said otherwise since. */
  heldByAgent: boolean;
}

export interface HealthSettings {
  readonly rise: number;
  readonly fall: number;
  /** Whether it is checked. */
  readonly check: boolean;
  /** Undefined or 0: it starts at full weight. */
  readonly slowstartMs: number | undefined;
}

/** What may move the operational state. */
export type HealthEvent =
  | 'risen'
  | 'risen-slowly'
  | 'warmed-up'
  | 'fallen'
  | 'told-to-stop'
  | 'maintenance-begins'
  | 'renewed';

interface Transition {
  readonly from: readonly Operational[];
  readonly event: HealthEvent;
  readonly to: Operational;
  /** Where it is written. "management" is the management manual. */
  readonly source: string;
}

const UP = ['starting', 'running', 'stopping'] as const;

/** Every move that there is. */
export const transitions: readonly Transition[] = [
  {
    from: ['stopped', 'stopping'],
    event: 'risen',
    to: 'running',
    source:
      'manual 5.2 "rise", "track"; "http-check disable-on-404"; management 9.3 "set server … state ready|health up"',
  },
  { from: ['stopped', 'stopping'], event: 'risen-slowly', to: 'starting', source: 'manual 5.2 "slowstart"' },
  { from: ['starting'], event: 'warmed-up', to: 'running', source: 'manual 5.2 "slowstart"' },
  {
    from: UP,
    event: 'fallen',
    to: 'stopped',
    source: 'manual 5.2 "fall", "track", "agent-check"; management 9.3 "set server … health down"',
  },
  {
    from: ['stopped', 'starting', 'running'],
    event: 'told-to-stop',
    to: 'stopping',
    source: 'manual "http-check disable-on-404"; management 9.3 "set server … health stopping"',
  },
  {
    from: UP,
    event: 'maintenance-begins',
    to: 'stopped',
    source: 'manual 5.2 "disabled"; management 9.3 "set server … state maint"',
  },
  {
    from: ['stopped', 'starting', 'stopping'],
    event: 'renewed',
    to: 'running',
    source:
      'as at the start: a server is up until a check says otherwise, and slow start "never applies when HAProxy starts"',
  },
];

/** The only writer of `operational`: moves as the table says; false, and nothing moved, where it has no such move. */
function transition(state: HealthState, event: HealthEvent): boolean {
  const move = transitions.find((row) => row.event === event && row.from.includes(state.operational));
  if (move === undefined) return false;
  state.operational = move.to;
  return true;
}

export type HealthInput =
  | { readonly type: 'check'; readonly verdict: Verdict }
  /** The agent let it be up, or said that it is down. */
  | { readonly type: 'agent'; readonly says: 'up' | 'down' }
  /** `error-limit` was reached in traffic: what `on-error` makes of it. */
  | { readonly type: 'errors'; readonly act: 'fail-check' | 'sudden-death' | 'mark-down' }
  /** New administrative bits, all of them. */
  | { readonly type: 'admin'; readonly bits: number }
  | { readonly type: 'force'; readonly to: 'up' | 'down' | 'stopping' }
  /** The server that it tracks went there, or (undefined) it tracks none any more. */
  | { readonly type: 'tracked'; readonly operational: Operational | undefined }
  /** The time of slow start is over. */
  | { readonly type: 'warmed-up' }
  /** Its weight changed, which moves nothing here. */
  | { readonly type: 'weighed' }
  /** Another server stands behind the name now, or it is no longer checked: nothing is known of it. */
  | { readonly type: 'renew' };

export const maxHealth = ({ rise, fall }: HealthSettings): number => rise + fall - 1;
export const inMaintenance = (admin: number): boolean => (admin & MAINTENANCE_BITS) !== 0;
export const isDraining = (admin: number): boolean => (admin & DRAIN_BITS) !== 0;
export const isForcedDown = (admin: number): boolean => (admin & AdminState.forcedMaintenance) !== 0;
export const isUp = (state: HealthState): boolean => state.operational !== 'stopped';
export const isFullyUp = (state: HealthState, settings: HealthSettings): boolean =>
  isUp(state) && state.health === maxHealth(settings);
export const isFullyDown = (state: HealthState): boolean => state.health === 0;

/** A server that no generation knew before. */
export function initialHealth(settings: HealthSettings, admin: number): HealthState {
  const common = { admin, tracked: undefined, heldByAgent: false };
  return inMaintenance(admin)
    ? { ...common, operational: 'stopped', health: 0 }
    : { ...common, operational: 'running', health: settings.rise };
}

/** Takes one input in. Returns whether the operational state moved; health and bits may change without that. */
export function handle(state: HealthState, settings: HealthSettings, input: HealthInput): boolean {
  switch (input.type) {
    case 'check':
      return inMaintenance(state.admin) ? false : handleCheck(state, settings, input.verdict);
    case 'agent':
      return handleAgent(state, settings, input.says);
    case 'errors':
      return inMaintenance(state.admin) ? false : handleErrors(state, settings, input.act);
    case 'admin':
      return handleAdmin(state, settings, input.bits);
    case 'force':
      return handleForce(state, settings, input.to);
    case 'tracked':
      return handleTracked(state, settings, input.operational);
    case 'warmed-up':
      return transition(state, 'warmed-up');
    case 'weighed':
      return false;
    case 'renew':
      if (inMaintenance(state.admin)) return false;
      state.health = settings.rise;
      state.heldByAgent = false;
      return transition(state, 'renewed');
  }
}

function rises(state: HealthState, settings: HealthSettings): boolean {
  if (state.heldByAgent || state.tracked === 'stopped') return false;
  return transition(state, (settings.slowstartMs ?? 0) > 0 ? 'risen-slowly' : 'risen');
}

function handleCheck(state: HealthState, settings: HealthSettings, verdict: Verdict): boolean {
  switch (verdict) {
    case 'none':
    case 'neutral':
      return false;
    case 'failed':
      return fail(state, settings);
    case 'passed':
    case 'conditional':
      if (state.health < maxHealth(settings)) state.health++;
      if (state.health < settings.rise) return false;
      state.health = maxHealth(settings);
      if (verdict === 'passed') return rises(state, settings);
      return state.heldByAgent || state.tracked === 'stopped' ? false : transition(state, 'told-to-stop');
  }
}

/** One failed check. */
function fail(state: HealthState, settings: HealthSettings): boolean {
  if (state.health > settings.rise) {
    state.health--;
    return false;
  }
  state.health = 0;
  return transition(state, 'fallen');
}

function handleErrors(
  state: HealthState,
  settings: HealthSettings,
  act: 'fail-check' | 'sudden-death' | 'mark-down',
): boolean {
  if (act === 'sudden-death' && state.health > settings.rise) state.health = settings.rise + 1;
  if (act === 'mark-down') state.health = settings.rise;
  return fail(state, settings);
}

function handleAgent(state: HealthState, settings: HealthSettings, says: 'up' | 'down'): boolean {
  state.heldByAgent = says === 'down';
  if (inMaintenance(state.admin)) return false;
  if (says === 'down') return transition(state, 'fallen');
  // Up again only where the checks say so too; a server that was told to stop stays so.
  if (state.operational !== 'stopped' || (settings.check && state.health < settings.rise)) return false;
  return rises(state, settings);
}

function handleAdmin(state: HealthState, settings: HealthSettings, bits: number): boolean {
  const before = inMaintenance(state.admin);
  state.admin = bits;
  const after = inMaintenance(bits);
  if (before === after) return false;
  if (after) {
    if (settings.check || state.operational !== 'stopped') state.health = 0;
    return transition(state, 'maintenance-begins');
  }
  // Up until the next check, which comes at once.
  if (settings.check) state.health = settings.rise;
  if (state.tracked === 'stopping' && !state.heldByAgent) return transition(state, 'told-to-stop');
  return rises(state, settings);
}

function handleForce(state: HealthState, settings: HealthSettings, to: 'up' | 'down' | 'stopping'): boolean {
  state.health = to === 'down' ? 0 : maxHealth(settings);
  if (inMaintenance(state.admin)) return false;
  if (to === 'down') return transition(state, 'fallen');
  if (to === 'stopping') return transition(state, 'told-to-stop');
  return rises(state, settings);
}

function handleTracked(state: HealthState, settings: HealthSettings, operational: Operational | undefined): boolean {
  state.tracked = operational;
  if (inMaintenance(state.admin) || operational === undefined) return false;
  if (operational === 'stopped') return transition(state, 'fallen');
  if (operational === 'stopping') return state.heldByAgent ? false : transition(state, 'told-to-stop');
  return rises(state, settings);
}

/** Another generation has other settings: the count is kept where it means the same. */
export function rescale(state: HealthState, before: HealthSettings, after: HealthSettings): void {
  if (inMaintenance(state.admin)) return;
  if (isUp(state))
    state.health =
      state.health === maxHealth(before)
        ? maxHealth(after)
        : Math.min(Math.max(state.health, after.rise), maxHealth(after));
  else state.health = Math.min(state.health, after.rise - 1);
}
