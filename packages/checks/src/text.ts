// The log lines about health, word for word as HAProxy 2.6.12 writes them, with their syslog levels, what it prints on
// the terminal beside them (the same words as a warning, but for a backend without servers), and the level at which it mails
// them. Pure text; the drills of test/support/server-drills.ts compare them with the real program.

import { AdminState } from '@evenkeel/shm';
import { inMaintenance, isDraining, isForcedDown, type Operational } from './health.ts';
import { checkStatuses, type CheckResult } from './status.ts';

/** Syslog severity: 0 emergency, 1 alert, 5 notice, 6 info. */
export type Severity = 0 | 1 | 5 | 6;

export interface HealthLine {
  readonly level: Severity;
  readonly text: string;
  /** Undefined: it is only logged. */
  readonly terminal: { readonly level: 'warning' | 'alert'; readonly text: string } | undefined;
  /** What `email-alert level` is compared with; undefined where it is never mailed. */
  readonly mailLevel: Severity | undefined;
}

/** The server that a line is about. */
export interface LineServer {
  /** `backend/server`. */
  readonly name: string;
  readonly isBackup: boolean;
  /** `backend/server` of the one that it tracks. */
  readonly trackedName: string | undefined;
  /** As the configuration names its host. */
  readonly host: string;
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

export interface Standing {
  readonly operational: Operational;
  /** Bits of AdminState. */
  readonly admin: number;
}

export interface StateChange {
  readonly before: Standing;
  readonly after: Standing;
  readonly reason: ChangeReason;
  /** Why bits were set, where more is known than that somebody did; '' otherwise. */
  readonly cause: string;
  readonly figures: BackendFigures;
}

/** `Layer7 wrong status, code: 500, info: "Internal Error", check duration: 3ms` */
export function resultText({ status, code, info, durationMs }: CheckResult): string {
  const { number, text } = checkStatuses[status];
  const parts = [text];
  if (number >= FIRST_WITH_CODE) parts.push(`code: ${Math.max(0, code)}`);
  if (info !== '') parts.push(`info: "${encoded(info)}"`);
  if (durationMs >= 0) parts.push(`check duration: ${durationMs}ms`);
  return parts.join(', ');
}

/** Statuses from this one on have a code: that of layer 7, or of a program. */
const FIRST_WITH_CODE = checkStatuses.L7OK.number;

/** What is no printable ASCII, and the quote and the angle brackets themselves, as `<0D>`. */
function encoded(info: string): string {
  return info.replaceAll(
    /[^ !#-;=?-~]/g,
    (character) => `<${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}>`,
  );
}

function reasonText(reason: ChangeReason): string {
  switch (reason.type) {
    case 'check':
      return `, reason: ${resultText(reason.result)}`;
    case 'said':
      return reason.by === '' ? '' : `, ${reason.by}`;
    case 'untold':
      return '';
  }
}

function line(level: 1 | 5, text: string, mailLevel?: Severity): HealthLine {
  return { level, text, terminal: { level: 'warning', text }, mailLevel };
}

const title = ({ name, isBackup }: LineServer): string => `${isBackup ? 'Backup ' : ''}Server ${name}`;
const via = ({ trackedName }: LineServer): string => (trackedName === undefined ? '' : ` via ${trackedName}`);

function figuresText({ operational }: Standing, { active, backup, ...counts }: BackendFigures): string {
  const onBackup = active === 0 && backup > 0 ? ' Running on backup.' : '';
  const { sessions, requeued, queued } = counts;
  return operational === 'stopped'
    ? `. ${active} active and ${backup} backup servers left.${onBackup} ${sessions} sessions active, ${requeued} requeued, ${queued} remaining in queue.`
    : `. ${active} active and ${backup} backup servers online.${onBackup} ${requeued} sessions requeued, ${queued} total in queue.`;
}

/** It no longer took new sessions: then its end is no alert. */
const wasLeaving = ({ operational, admin }: Standing): boolean => operational === 'stopping' || isDraining(admin);

/** A move of the operational state outside of maintenance; undefined where nothing is said of it. */
export function operationalLine(server: LineServer, change: StateChange): HealthLine | undefined {
  const { before, after, reason, figures } = change;
  if (before.operational === after.operational) return undefined;
  const rest = `${reasonText(reason)}${via(server)}${figuresText(after, figures)}`;
  switch (after.operational) {
    case 'stopped': {
      const level = wasLeaving(before) ? 5 : 1;
      return line(level, `${title(server)} is DOWN${rest}`, level);
    }
    case 'stopping':
      return line(5, `${title(server)} is stopping${rest}`);
    case 'starting':
    case 'running':
      // Said once more when slow start is over.
      return line(5, `${title(server)} is UP${rest}`, 5);
  }
}

/** Changes of the administrative bits, maintenance before drain; also what stays of a drain after any other change. */
export function adminLines(server: LineServer, change: StateChange): HealthLine[] {
  const { before, after, figures } = change;
  const was = inMaintenance(before.admin);
  const is = inMaintenance(after.admin);
  const lines: HealthLine[] = [];
  if (!was && is) lines.push(entersMaintenance(server, change));
  else if (was && !is) lines.push(...leavesMaintenance(server, change));
  else if (is) lines.push(...remainsInMaintenance(server, change));
  if (is) return lines;
  const cause = change.cause === '' ? '' : ` (${change.cause})`;
  const operational = after.operational === 'stopped' ? 'DOWN' : 'UP';
  if (isDraining(after.admin) && !isDraining(before.admin)) {
    const by = (after.admin & AdminState.forcedDrain) === 0 ? via(server) : '';
    lines.push(line(5, `${title(server)} enters drain state${cause}${by}${figuresText(after, figures)}`, 5));
  } else if (isDraining(before.admin) && !isDraining(after.admin)) {
    lines.push(line(5, `${title(server)} is ${operational} (leaving forced drain).`));
  } else if (isDraining(after.admin)) lines.push(remainsInDrain(server, after));
  return lines;
}

function entersMaintenance(server: LineServer, { before, after, cause, figures }: StateChange): HealthLine {
  const why = `${cause === '' ? '' : ` (${cause})`}${isForcedDown(after.admin) ? '' : via(server)}`;
  if (before.operational === 'stopped') return line(5, `${title(server)} was DOWN and now enters maintenance${why}.`);
  return line(
    wasLeaving(before) ? 5 : 1,
    `${title(server)} is going DOWN for maintenance${why}${figuresText(after, figures)}`,
  );
}

const left = (bit: number, { before, after }: StateChange): boolean =>
  (before.admin & bit) !== 0 && (after.admin & bit) === 0;

function leavesMaintenance(server: LineServer, change: StateChange): HealthLine[] {
  const { after } = change;
  const state = `is ${after.operational === 'stopped' ? 'DOWN' : 'UP'}/${isDraining(after.admin) ? 'DRAIN' : 'READY'}`;
  const lines: HealthLine[] = [];
  if (left(AdminState.forcedMaintenance, change))
    lines.push(line(5, `${title(server)} ${state} (leaving forced maintenance).`));
  if (left(AdminState.resolutionMaintenance, change))
    lines.push(line(5, `${title(server)} ('${server.host}') ${state} (resolves again).`));
  if (left(AdminState.inheritedMaintenance, change))
    lines.push(line(5, `${title(server)} ${state} (leaving maintenance).`));
  return lines;
}

function remainsInMaintenance(server: LineServer, change: StateChange): HealthLine[] {
  const lines: HealthLine[] = [];
  if (left(AdminState.forcedMaintenance, change))
    lines.push(line(5, `${title(server)} is leaving forced maintenance but remains in maintenance${via(server)}.`));
  if (left(AdminState.resolutionMaintenance, change))
    lines.push(line(5, `${title(server)} ('${server.host}') resolves again but remains in maintenance${via(server)}.`));
  else if (left(AdminState.inheritedMaintenance, change))
    lines.push(line(5, `${title(server)} remains in forced maintenance.`));
  return lines;
}

function remainsInDrain(server: LineServer, { admin }: Standing): HealthLine {
  return (admin & AdminState.forcedDrain) === 0
    ? line(5, `${title(server)} is leaving forced drain but remains in drain mode${via(server)}.`)
    : line(5, `${title(server)} remains in forced drain mode.`);
}

/** A `listen` section is a proxy, in HAProxy's words. */
export function noServerLine(kind: 'backend' | 'proxy', name: string): HealthLine {
  return {
    level: 0,
    text: `${kind} ${name} has no server available!`,
    terminal: { level: 'alert', text: `${kind} '${name}' has no server available!` },
    mailLevel: undefined,
  };
}

export interface CheckCount {
  readonly health: number;
  readonly rise: number;
  readonly fall: number;
  /** The server has weight: without, it is shown as draining. */
  readonly hasWeight: boolean;
}

/** `option log-health-checks`. The count is that after the check. */
export function checkLine(
  { name, isBackup, trackedName }: LineServer,
  kind: 'Health' | 'Agent',
  result: CheckResult,
  { health, rise, fall, hasWeight }: CheckCount,
): HealthLine {
  const verdict = checkStatuses[result.status].verdict;
  const words = verdict === 'conditional' ? 'conditionally succeeded' : verdict === 'passed' ? 'succeeded' : 'failed';
  const count =
    health >= rise ? `${health - rise + 1}/${fall} ${hasWeight ? 'UP' : 'DRAIN'}` : `${health}/${rise} DOWN`;
  const about = `${kind} check for ${isBackup ? 'backup ' : ''}server ${name} ${words}`;
  const by = trackedName === undefined ? '' : ` via ${trackedName}`;
  return line(5, `${about}, reason: ${resultText(result)}${by}, status: ${count}.`, 6);
}
