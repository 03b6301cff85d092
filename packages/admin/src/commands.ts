/** Every command of the runtime socket. */

import { disableAgent, enableAgent } from './agent-commands.ts';
import { clearCounters } from './clear-counters.ts';
import type { Command } from './cli/command.ts';
import { clearConfigDiff, showConfigDiff } from './config-diff.ts';
import { showConfigStatus } from './config-status.ts';
import { disableDynamicCookie, enableDynamicCookie, setDynamicCookieKey } from './dynamic-cookie-commands.ts';
import { addServer, delServer } from './dynamic-server-commands.ts';
import { disableFrontend, enableFrontend, shutdownFrontend } from './frontend-commands.ts';
import { disableHealth, enableHealth } from './health-commands.ts';
import { setMaxconnFrontend, setMaxconnGlobal, setMaxconnServer, setRateLimit } from './limit-commands.ts';
import { showBackend, showEnv, showLibs, showStartupLogs, showVersion } from './process-commands.ts';
import { disableServer, enableServer, getWeight, setWeight } from './server-commands.ts';
import { setServer } from './set-server.ts';
import { setProfiling, showProfiling } from './profiling.ts';
import { showErrors } from './show-errors.ts';
import { showEvents } from './show-events.ts';
import { showFd } from './show-fd.ts';
import { showInfo, showSchemaJson } from './show-info.ts';
import { showResolvers } from './show-resolvers.ts';
import { showServersConn } from './show-servers-conn.ts';
import { showServersState } from './show-servers-state.ts';
import { showStat } from './show-stat.ts';
import { showActivity, showPools, showTasks, showThreads } from './show-threads.ts';
import { showSess, shutdownSession, shutdownSessionsServer } from './stream-commands.ts';
import { SESSION_COMMANDS } from './session-commands.ts';

export const COMMANDS: readonly Command[] = [
  addServer,
  clearConfigDiff,
  clearCounters,
  delServer,
  disableAgent,
  disableDynamicCookie,
  disableFrontend,
  disableHealth,
  disableServer,
  enableAgent,
  enableDynamicCookie,
  enableFrontend,
  enableHealth,
  enableServer,
  getWeight,
  setDynamicCookieKey,
  setMaxconnFrontend,
  setMaxconnGlobal,
  setMaxconnServer,
  setRateLimit,
  setServer,
  setProfiling,
  setWeight,
  showActivity,
  showBackend,
  showConfigDiff,
  showConfigStatus,
  showEnv,
  showErrors,
  showEvents,
  showFd,
  showInfo,
  showLibs,
  showPools,
  showProfiling,
  showResolvers,
  showSchemaJson,
  showServersConn,
  showServersState,
  showSess,
  showStartupLogs,
  showStat,
  showTasks,
  showThreads,
  showVersion,
  shutdownFrontend,
  shutdownSession,
  shutdownSessionsServer,
  ...SESSION_COMMANDS,
];
