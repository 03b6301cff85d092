// What a health check can find (manual "check_status"; management manual 9.1, fields 36 to 38 and 65). One table: the number
// that `show servers state` prints and shared memory holds, the short name of `show stat`, the words of log lines, and
// what it says about the server. Numbers and words as observed on HAProxy 2.6.12.

/** What a status says: nothing, no news, the server failed, passed, or passes but wants no new sessions. */
export type Verdict = 'none' | 'neutral' | 'failed' | 'passed' | 'conditional';

export interface StatusRow {
  readonly number: number;
  readonly text: string;
  readonly verdict: Verdict;
}

const statuses = {
  UNK: { number: 0, text: 'Unknown', verdict: 'none' },
  INI: { number: 1, text: 'Initializing', verdict: 'none' },
  CHECKED: { number: 3, text: 'No status change', verdict: 'neutral' },
  HANA: { number: 4, text: 'Health analyze', verdict: 'failed' },
  SOCKERR: { number: 5, text: 'Socket error', verdict: 'failed' },
  L4OK: { number: 6, text: 'Layer4 check passed', verdict: 'passed' },
  L4TOUT: { number: 7, text: 'Layer4 timeout', verdict: 'failed' },
  L4CON: { number: 8, text: 'Layer4 connection problem', verdict: 'failed' },
  L6OK: { number: 9, text: 'Layer6 check passed', verdict: 'passed' },
  L6TOUT: { number: 10, text: 'Layer6 timeout', verdict: 'failed' },
  L6RSP: { number: 11, text: 'Layer6 invalid response', verdict: 'failed' },
  L7TOUT: { number: 12, text: 'Layer7 timeout', verdict: 'failed' },
  L7RSP: { number: 13, text: 'Layer7 invalid response', verdict: 'failed' },
  L7OK: { number: 15, text: 'Layer7 check passed', verdict: 'passed' },
  L7OKC: { number: 16, text: 'Layer7 check conditionally passed', verdict: 'conditional' },
  L7STS: { number: 17, text: 'Layer7 wrong status', verdict: 'failed' },
  PROCERR: { number: 18, text: 'External check error', verdict: 'failed' },
  PROCTOUT: { number: 19, text: 'External check timeout', verdict: 'failed' },
  PROCOK: { number: 20, text: 'External check passed', verdict: 'passed' },
} as const satisfies Record<string, StatusRow>;

export type CheckStatus = keyof typeof statuses;
export const checkStatuses: Readonly<Record<CheckStatus, StatusRow>> = statuses;

const byNumber = new Map<number, CheckStatus>(
  Object.entries(statuses).map(([name, { number }]) => [number, name as CheckStatus]),
);

/** `UNK` for a number that is none. */
export function checkStatusOf(number: number): CheckStatus {
  return byNumber.get(number) ?? 'UNK';
}

/** `srv_check_result` (management manual 9.3). */
export const verdictNumber: Readonly<Record<Verdict, number>> = {
  none: 0,
  neutral: 1,
  failed: 2,
  passed: 3,
  conditional: 4,
};

/** What one check found. */
export interface CheckResult {
  readonly status: CheckStatus;
  /** Code of layers 5 to 7, for example the HTTP status; -1 where there is none. */
  readonly code: number;
  /** What the server or the system said, for log lines and `last_chk`; may be empty. */
  readonly info: string;
  readonly durationMs: number;
}

/** HAProxy keeps this much of what a server says. */
const MAX_INFO_CHARACTERS = 127;

/** Words of a server, cut to what lines and tables have room for. */
export function boundInfo(info: string): string {
  return info.length <= MAX_INFO_CHARACTERS ? info : info.slice(0, MAX_INFO_CHARACTERS);
}
