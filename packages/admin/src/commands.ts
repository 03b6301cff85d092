/** Every command of the runtime socket. */

import { disableAgent, enableAgent, setServer } from './agent-commands.ts';
import { clearCounters } from './clear-counters.ts';
import type { Command } from './cli/command.ts';
import { clearConfigDiff, showConfigDiff } from './config-diff.ts';
import { showBackend, showEnv, showLibs, showStartupLogs, showVersion } from './process-commands.ts';
import { disableServer, enableServer, getWeight, setWeight } from './server-commands.ts';
import { showErrors } from './show-errors.ts';
import { showEvents } from './show-events.ts';
import { showFd } from './show-fd.ts';
import { showInfo, showSchemaJson } from './show-info.ts';
import { showResolvers } from './show-resolvers.ts';
import { showServersState } from './show-servers-state.ts';
import { showStat } from './show-stat.ts';
import { showActivity, showPools, showTasks, showThreads } from './show-threads.ts';
import {
  experimentalMode,
  expertMode,
  operator,
  prompt,
  quit,
  setSeverityOutput,
  setTimeoutCli,
  showCliLevel,
  showCliSockets,
  user,
} from './session-commands.ts';

export const COMMANDS: readonly Command[] = [
  clearConfigDiff,
  clearCounters,
  disableAgent,
  disableServer,
  enableAgent,
  enableServer,
  experimentalMode,
  expertMode,
  getWeight,
  operator,
  setServer,
  setSeverityOutput,
  setTimeoutCli,
  setWeight,
  showActivity,
  showBackend,
  showCliLevel,
  showCliSockets,
  showConfigDiff,
  showEnv,
  showErrors,
  showEvents,
  showFd,
  showInfo,
  showLibs,
  showPools,
  showResolvers,
  showSchemaJson,
  showServersState,
  showStartupLogs,
  showStat,
  showTasks,
  showThreads,
  showVersion,
  user,
  prompt,
  quit,
];
