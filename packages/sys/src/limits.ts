export type Resource = 'nofile' | 'as' | 'core'
/** Infinity stands for RLIM_INFINITY. */
export interface ResourceLimit {
  readonly soft: number
  readonly hard: number
}
export declare function getResourceLimit(resource: Resource): ResourceLimit
/** Throws SysError: EPERM when the hard limit would rise without CAP_SYS_RESOURCE. */
export declare function setResourceLimit(resource: Resource, limit: ResourceLimit): void
