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
// checked stands at `rise`: one failure takes it down.

import { AdminState } from '@evenkeel/shm';
import type { Verdict } from './status.ts';

export type Operational = 'stopped' | 'starting' | 'running' | 'stopping';

export interface HealthState {
  operational: Operational;
  /** Bits of AdminState. */
  admin: number;
  health: number;
}

export interface HealthSettings {
  readonly rise: number;
  readonly fall: number;
}

/** What may move the operational state. */
export type HealthEvent =
  | 'risen'
  | 'fallen'
  | 'told-to-stop'
  | 'passed-again'
  | 'maintenance-begins'
  | 'maintenance-ends'
  | 'forced-up'
  | 'forced-down'
  | 'forced-stopping'
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
  { from: ['stopped'], event: 'risen', to: 'running', source: 'manual 5.2 "rise"' },
  { from: UP, event: 'fallen', to: 'stopped', source: 'manual 5.2 "fall"' },
  {
    from: ['starting', 'running'],
    event: 'told-to-stop',
    to: 'stopping',
    source: 'manual "http-check disable-on-404"',
  },
  { from: ['stopping'], event: 'passed-again', to: 'running', source: 'manual "http-check disable-on-404"' },
  {
    from: UP,
    event: 'maintenance-begins',
    to: 'stopped',
    source: 'manual 5.2 "disabled"; management 9.3 "set server … state maint"',
  },
  { from: ['stopped'], event: 'maintenance-ends', to: 'running', source: 'management 9.3 "set server … state ready"' },
  {
    from: ['stopped', 'starting', 'stopping'],
    event: 'forced-up',
    to: 'running',
    source: 'management 9.3 "set server … health up"',
  },
  { from: UP, event: 'forced-down', to: 'stopped', source: 'management 9.3 "set server … health down"' },
  {
    from: ['stopped', 'starting', 'stopping'],
    event: 'renewed',
    to: 'running',
    source: 'as at the start: a server is up until a check says otherwise',
  },
  {
    from: ['stopped', 'starting', 'running'],
    event: 'forced-stopping',
    to: 'stopping',
    source: 'management 9.3 "set server … health stopping"',
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
  /** New administrative bits, all of them. */
  | { readonly type: 'admin'; readonly bits: number }
  | { readonly type: 'force'; readonly to: 'up' | 'down' | 'stopping' }
  /** Another server stands behind the name now, or it is no longer checked: nothing is known of it. */
  | { readonly type: 'renew' };

const MAINTENANCE =
  AdminState.forcedMaintenance |
  AdminState.inheritedMaintenance |
  AdminState.configMaintenance |
  AdminState.resolutionMaintenance;
const DRAIN = AdminState.forcedDrain | AdminState.inheritedDrain;

export const maxHealth = ({ rise, fall }: HealthSettings): number => rise + fall - 1;
export const inMaintenance = (admin: number): boolean => (admin & MAINTENANCE) !== 0;
export const isDraining = (admin: number): boolean => (admin & DRAIN) !== 0;
export const isUp = (state: HealthState): boolean => state.operational !== 'stopped';
export const isFullyUp = (state: HealthState, settings: HealthSettings): boolean =>
  isUp(state) && state.health === maxHealth(settings);
export const isFullyDown = (state: HealthState): boolean => state.health === 0;

/** A server that no generation knew before. */
export function initialHealth(settings: HealthSettings, admin: number): HealthState {
  return inMaintenance(admin)
    ? { operational: 'stopped', admin, health: 0 }
    : { operational: 'running', admin, health: settings.rise };
}

/** Takes one input in. Returns whether the operational state moved; health and bits may change without that. */
export function handle(state: HealthState, settings: HealthSettings, input: HealthInput): boolean {
  switch (input.type) {
    case 'check':
      return inMaintenance(state.admin) ? false : handleCheck(state, settings, input.verdict);
    case 'admin':
      return handleAdmin(state, settings, input.bits);
    case 'force':
      return inMaintenance(state.admin) ? false : handleForce(state, settings, input.to);
    case 'renew':
      if (inMaintenance(state.admin)) return false;
      state.health = settings.rise;
      return transition(state, 'renewed');
  }
}

function handleCheck(state: HealthState, settings: HealthSettings, verdict: Verdict): boolean {
  switch (verdict) {
    case 'none':
    case 'neutral':
      return false;
    case 'failed':
      if (state.health > settings.rise) {
        state.health--;
        return false;
      }
      state.health = 0;
      return transition(state, 'fallen');
    case 'passed':
    case 'conditional': {
      if (state.health < maxHealth(settings)) state.health++;
      if (state.health < settings.rise) return false;
      state.health = maxHealth(settings);
      const risen = transition(state, 'risen');
      return transition(state, verdict === 'passed' ? 'passed-again' : 'told-to-stop') || risen;
    }
  }
}

function handleAdmin(state: HealthState, settings: HealthSettings, bits: number): boolean {
  const before = inMaintenance(state.admin);
  state.admin = bits;
  const after = inMaintenance(bits);
  if (before === after) return false;
  state.health = after ? 0 : settings.rise;
  return transition(state, after ? 'maintenance-begins' : 'maintenance-ends');
}

function handleForce(state: HealthState, settings: HealthSettings, to: 'up' | 'down' | 'stopping'): boolean {
  state.health = to === 'down' ? 0 : maxHealth(settings);
  return transition(state, `forced-${to}`);
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
