// How the state of a server is printed by `show stat`, the stats page and `show servers state` (management manual 9.1 and
// 9.3). Pure: takes figures, gives text. The words and which fields stay empty are HAProxy 2.6.12's, as observed.

import { AdminState, OperationalState } from '@evenkeel/shm';
import { inMaintenance, isDraining } from './health.ts';
import { checkStatuses, type CheckStatus } from './status.ts';

/** Bits of `srv_check_state`. */
export const CheckState = { inProgress: 0x01, configured: 0x02, enabled: 0x04, paused: 0x08, agent: 0x10 } as const;

/** A server as it stands, in the numbers of shared memory. */
export interface ServerView {
  /** Bits of AdminState. */
  readonly admin: number;
  /** One of OperationalState. */
  readonly operational: number;
  /** Bits of CheckState; 0 without `check`. Here and below: of the server whose checks decide, where it tracks one. */
  readonly checkState: number;
  readonly health: number;
  readonly rise: number;
  readonly fall: number;
  /** Of the server itself. */
  readonly ownCheckState: number;
  readonly ownHealth: number;
  readonly status: CheckStatus;
  /** Number of the last result that counted. */
  readonly result: number;
  /** -1 where there is none. */
  readonly code: number;
  readonly durationMs: number;
  /** `backend/server` of the one that it follows (`track`). */
  readonly trackedName: string | undefined;
  /** The server at the end of that chain; itself where it tracks none. */
  readonly referenceName: string;
  readonly agent: AgentView;
  /** Of the server at the end of that chain. */
  readonly referenceAgent: AgentView;
}

/** The agent of a server as it stands. */
export interface AgentView {
  /** Bits of CheckState; 0 without `agent-check`. */
  readonly state: number;
  readonly health: number;
  readonly rise: number;
  readonly fall: number;
  readonly status: CheckStatus;
  /** -1 where there is none. */
  readonly code: number;
  readonly durationMs: number;
}

const isChecked = ({ checkState }: ServerView): boolean => (checkState & CheckState.enabled) !== 0;

const isAsked = ({ state }: AgentView): boolean => (state & CheckState.enabled) !== 0;

/** Field `status`: `UP`, `UP 1/2`, `DOWN 1/3`, `NOLB`, `DRAIN`, `MAINT`, `MAINT (resolution)`, `no check` … */
export function statusText(view: ServerView): string {
  const { admin, operational, health, rise, fall } = view;
  if ((admin & AdminState.inheritedMaintenance) !== 0) return `MAINT (via ${view.trackedName})`;
  if ((admin & AdminState.resolutionMaintenance) !== 0) return 'MAINT (resolution)';
  if (inMaintenance(admin)) return 'MAINT';
  if (operational === OperationalState.stopped && isAsked(view.referenceAgent) && view.referenceAgent.health === 0)
    return 'DOWN (agent)';
  if (operational === OperationalState.stopped)
    return isChecked(view) && health > 0 ? `DOWN ${health}/${rise}` : 'DOWN';
  const going = isChecked(view) && health < rise + fall - 1 ? ` ${health - rise + 1}/${fall}` : '';
  if (operational === OperationalState.stopping) return `NOLB${going}`;
  if (isDraining(admin)) return isAsked(view.referenceAgent) ? 'DRAIN (agent)' : `DRAIN${going}`;
  return isChecked(view) ? `UP${going}` : 'no check';
}

/** Fields about the last check. Empty strings where the server is not checked now. */
export interface CheckFields {
  /** `L7OK`, with `* ` in front while a check is under way. */
  readonly check_status: string;
  readonly check_code: string;
  readonly check_duration: string;
  readonly check_desc: string;
  readonly check_health: string;
  readonly check_rise: string;
  readonly check_fall: string;
}

const NOT_CHECKED: CheckFields = {
  check_status: '',
  check_code: '',
  check_duration: '',
  check_desc: '',
  check_health: '',
  check_rise: '',
  check_fall: '',
};

export function checkFields(view: ServerView): CheckFields {
  if (view.trackedName !== undefined || !isChecked(view) || (view.checkState & CheckState.paused) !== 0)
    return NOT_CHECKED;
  const { number, text } = checkStatuses[view.status];
  return {
    check_status: ((view.checkState & CheckState.inProgress) !== 0 ? '* ' : '') + view.status,
    check_code: view.code >= 0 ? String(view.code) : '',
    check_duration: number >= checkStatuses.CHECKED.number ? String(view.durationMs) : '',
    check_desc: text,
    check_health: String(view.health),
    check_rise: String(view.rise),
    check_fall: String(view.fall),
  };
}

/** Fields about the agent's last answer. Empty strings where it is not asked now. */
export interface AgentFields {
  readonly agent_status: string;
  readonly agent_code: string;
  readonly agent_duration: string;
  readonly agent_desc: string;
  readonly agent_health: string;
  readonly agent_rise: string;
  readonly agent_fall: string;
}

export function agentFields({ agent }: ServerView): AgentFields {
  if (!isAsked(agent)) {
    return {
      agent_status: '',
      agent_code: '',
      agent_duration: '',
      agent_desc: '',
      agent_health: '',
      agent_rise: '',
      agent_fall: '',
    };
  }
  const { number, text } = checkStatuses[agent.status];
  return {
    agent_status: ((agent.state & CheckState.inProgress) !== 0 ? '* ' : '') + agent.status,
    agent_code: agent.code >= 0 ? String(agent.code) : '',
    agent_duration: number >= checkStatuses.CHECKED.number ? String(agent.durationMs) : '',
    agent_desc: text,
    agent_health: String(agent.health),
    agent_rise: String(agent.rise),
    agent_fall: String(agent.fall),
  };
}

/** What of `show servers state` depends on health: numbers in the order of the manual's list. */
export interface StateFields {
  readonly srv_op_state: number;
  readonly srv_admin_state: number;
  readonly srv_check_status: number;
  readonly srv_check_result: number;
  readonly srv_check_health: number;
  readonly srv_check_state: number;
  readonly srv_agent_state: number;
}

export function stateFields(view: ServerView): StateFields {
  return {
    srv_op_state: view.operational,
    srv_admin_state: view.admin,
    srv_check_status: checkStatuses[view.status].number,
    srv_check_result: view.result,
    srv_check_health: view.ownHealth,
    srv_check_state: view.ownCheckState,
    srv_agent_state: view.agent.state,
  };
}
