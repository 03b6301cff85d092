// How a server looks to the load balancer, told to the server itself (manual: `http-check send-state`). Pure.

import type { Operational } from './health.ts';

export interface StateFacts {
  readonly operational: Operational;
  /** 0 to rise + fall - 1 */
  readonly health: number;
  readonly rise: number;
  readonly fall: number;
  /** Configured address and port; undefined for a Unix socket. */
  readonly address: string | undefined;
  readonly port: number;
  /** `backend/server` */
  readonly name: string;
  readonly node: string;
  /** In the units that both share. */
  readonly weight: number;
  readonly totalWeight: number;
  readonly sessions: number;
  readonly totalSessions: number;
  readonly queued: number;
  /** Share of the weight that is in use; undefined outside of slow start. */
  readonly throttlePercent: number | undefined;
}

export function stateText(facts: StateFacts): string {
  const { address, port, name, node, weight, totalWeight, sessions, totalSessions, queued, throttlePercent } = facts;
  const place = address === undefined ? 'address=unix; port=unix' : `address=${address}; port=${port}`;
  return (
    `${statusWords(facts)}; ${place}; name=${name}; node=${node}; weight=${weight}/${totalWeight}; ` +
    `scur=${sessions}/${totalSessions}; qcur=${queued}` +
    (throttlePercent === undefined ? '' : `; throttle=${throttlePercent}%`)
  );
}

/** A word, and behind it how many checks of those that a change takes; a drain is not told. */
function statusWords({ operational, health, rise, fall }: StateFacts): string {
  if (operational === 'stopped') return health > 0 ? `DOWN ${health}/${rise}` : 'DOWN';
  const word = operational === 'stopping' ? 'NOLB' : 'UP';
  return health === rise + fall - 1 ? word : `${word} ${health - rise + 1}/${fall}`;
}
