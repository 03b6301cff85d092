// The log lines about health, word for word as HAProxy 2.6.12 writes them, with their syslog levels, and what it prints on
// the terminal beside them: the same words as a warning, but for a backend without servers. Pure text.

import { checkStatuses, type CheckResult } from './status.ts';

export interface HealthLine {
  /** Syslog severity: 0 emergency, 1 alert, 5 notice. */
  readonly level: 0 | 1 | 5;
  readonly text: string;
  readonly terminal: { readonly level: 'warning' | 'alert'; readonly text: string };
}

/** What state lines say of the backend as it is after the change. */
export interface BackendFigures {
  /** Servers that may get new streams. */
  readonly active: number;
  readonly backup: number;
  /** Sessions of the server. */
  readonly sessions: number;
  /** Streams that left its queue for other servers, or came to it. */
  readonly requeued: number;
  /** Streams left in its queue. */
  readonly queued: number;
}

/** Why a state changed: what a check found, or who said so. */
export type ChangeReason =
  | { readonly type: 'check'; readonly result: CheckResult }
  | { readonly type: 'said'; readonly by: string }
  | { readonly type: 'untold' };

/** `Layer7 wrong status, code: 500, info: "Internal Error", check duration: 3ms` */
export function resultText({ status, code, info, durationMs }: CheckResult): string {
  const parts = [checkStatuses[status].text];
  if (code >= 0) parts.push(`code: ${code}`);
  if (info !== '') parts.push(`info: "${info}"`);
  parts.push(`check duration: ${durationMs}ms`);
  return parts.join(', ');
}

function reasonText(reason: ChangeReason): string {
  switch (reason.type) {
    case 'check':
      return `, reason: ${resultText(reason.result)}`;
    case 'said':
      return `, ${reason.by}`;
    case 'untold':
      return '';
  }
}

const line = (level: 1 | 5, text: string): HealthLine => ({ level, text, terminal: { level: 'warning', text } });
const left = ({ active, backup, sessions, requeued, queued }: BackendFigures): string =>
  ` ${active} active and ${backup} backup servers left. ${sessions} sessions active, ${requeued} requeued, ${queued} remaining in queue.`;
const online = ({ active, backup, requeued, queued }: BackendFigures): string =>
  ` ${active} active and ${backup} backup servers online. ${requeued} sessions requeued, ${queued} total in queue.`;

/** `name` is `backend/server`. */
export function downLine(name: string, reason: ChangeReason, figures: BackendFigures): HealthLine {
  return line(1, `Server ${name} is DOWN${reasonText(reason)}.${left(figures)}`);
}

export function upLine(name: string, reason: ChangeReason, figures: BackendFigures): HealthLine {
  return line(5, `Server ${name} is UP${reasonText(reason)}.${online(figures)}`);
}

export function stoppingLine(name: string, reason: ChangeReason, figures: BackendFigures): HealthLine {
  return line(5, `Server ${name} is stopping${reasonText(reason)}.${online(figures)}`);
}

export function maintenanceLine(name: string, figures: BackendFigures): HealthLine {
  return line(1, `Server ${name} is going DOWN for maintenance.${left(figures)}`);
}

export function leavesMaintenanceLine(name: string, drains: boolean): HealthLine {
  return line(5, `Server ${name} is UP/${drains ? 'DRAIN' : 'READY'} (leaving forced maintenance).`);
}

export function remainsInDrainLine(name: string): HealthLine {
  return line(5, `Server ${name} remains in forced drain mode.`);
}

export function drainLine(name: string, figures: BackendFigures): HealthLine {
  return line(5, `Server ${name} enters drain state.${online(figures)}`);
}

export function leavesDrainLine(name: string): HealthLine {
  return line(5, `Server ${name} is UP (leaving forced drain).`);
}

export function noServerLine(backend: string): HealthLine {
  return {
    level: 0,
    text: `backend ${backend} has no server available!`,
    terminal: { level: 'alert', text: `backend '${backend}' has no server available!` },
  };
}

/** `option log-health-checks`. `health` and `settings` as after the check. */
export function checkLine(name: string, result: CheckResult, health: number, rise: number, fall: number): HealthLine {
  const verdict = checkStatuses[result.status].verdict;
  const words = verdict === 'failed' ? 'failed' : verdict === 'conditional' ? 'conditionally succeeded' : 'succeeded';
  const count = health >= rise ? `${health - rise + 1}/${fall} UP` : `${health}/${rise} DOWN`;
  return line(5, `Health check for server ${name} ${words}, reason: ${resultText(result)}, status: ${count}.`);
}
