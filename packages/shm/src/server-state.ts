import type { Segment } from './segment.ts'

/** Administrative state bits (`srv_admin_state` in `show servers state`, management manual 9.3). */
export const AdminState = { forcedMaintenance: 0x01, inheritedMaintenance: 0x02, configMaintenance: 0x04, forcedDrain: 0x08, inheritedDrain: 0x10, resolutionMaintenance: 0x20, hostnameMaintenance: 0x40 } as const
/** Operational state (`srv_op_state`). */
export const OperationalState = { stopped: 0, starting: 1, running: 2, stopping: 3 } as const

/** Words of a server that may be read and written by name; units in layout.ts's names. */
export type ServerWord =
  | 'adminState' | 'operationalState' | 'checkState' | 'health' | 'checkStatus' | 'checkCode' | 'checkDurationMs'
  | 'agentState' | 'agentHealth' | 'agentStatus' | 'agentCode' | 'agentDurationMs'
  | 'userWeight' | 'effectiveWeight' | 'initialWeight' | 'checksFailed' | 'transitionsDown' | 'maxconn'
export type ServerTime = 'lastChangeMs' | 'downMs' | 'slowStartMs' | 'lastCheckMs'

/** Health and administration of one server. Writer: main only, except `countError` and `clearErrors`. */
export declare class ServerState {
  constructor(segment: Segment, slot: number)
  get(word: ServerWord): number
  set(word: ServerWord, value: number): void
  time(word: ServerTime): number
  setTime(word: ServerTime, value: number): void
  /** Running or starting, without maintenance: may get traffic at all. */
  isUsable(): boolean
  /** Usable, not draining, and effective weight above 0: may get new streams by load balancing. */
  isEligible(): boolean
  /** Grows with every published change. */
  version(): number
  /** Consecutive errors seen in traffic (`observe`, `error-limit`); any thread. Returns the new number. */
  countError(): number
  clearErrors(): void
}

/** What pickers compare before they trust a cached view of a backend's servers. */
export declare class BackendVersion {
  constructor(segment: Segment, slot: number)
  current(): number
  /** Main only: after a change of any server's state or weight, once for each batch of changes. */
  publish(): void
}
