// One thread's object graph for one generation of the configuration. Old generations live on for as long as streams use
// them; nothing points from a new one to an old one.
import type { Backend } from './backend/backend.ts'
import type { Frontend } from './frontend.ts'
import type { Plan } from './plan.ts'

export interface Generation {
  readonly plan: Plan
  /** Parallel to `plan.config.proxies`; undefined where a proxy has no such side or is disabled. */
  readonly frontends: readonly (Frontend | undefined)[]
  readonly backends: readonly (Backend | undefined)[]
  backendByName(name: string): Backend | undefined
}
