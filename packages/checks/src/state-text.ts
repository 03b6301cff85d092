// How a server looks to the load balancer, told to the server itself (manual: `http-check send-state`). Pure.

export interface StateFacts {
  /** `show stat`'s words for a checked server: `UP`, `UP 1/3`, `DOWN 1/2`, `NOLB` … */
  readonly status: string;
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
}

export function stateText(facts: StateFacts): string {
  const { status, address, port, name, node, weight, totalWeight, sessions, totalSessions, queued } = facts;
  const place = address === undefined ? 'address=unix; port=unix' : `address=${address}; port=${port}`;
  return (
    `${status}; ${place}; name=${name}; node=${node}; weight=${weight}/${totalWeight}; ` +
    `scur=${sessions}/${totalSessions}; qcur=${queued}`
  );
}
