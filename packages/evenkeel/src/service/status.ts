/** What `evenkeel status` prints of a daemon that serves. */

import { configStatusText } from '@evenkeel/admin';
import type { Runtime } from '@evenkeel/admin';

/** Lines `Name: value`. */
export function statusText(runtime: Runtime, isStopping: boolean): string {
  const { pid, version, startTimeMs } = runtime;
  const head = [
    `State: ${isStopping ? 'stopping' : 'running'}`,
    `Pid: ${pid}`,
    `Version: ${version}`,
    `Started: ${new Date(startTimeMs).toISOString()}`,
    `Threads: ${runtime.threads()}`,
  ];
  return `${head.join('\n')}\n${configStatusText(runtime)}`;
}
