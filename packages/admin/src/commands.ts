/** Every command of the runtime socket. */

import { disableAgent, enableAgent, setServer } from './agent-commands.ts';
import type { Command } from './cli/command.ts';
import { showBackend, showEnv, showLibs, showStartupLogs, showVersion } from './process-commands.ts';
import { disableServer, enableServer, getWeight, setWeight } from './server-commands.ts';
import { showInfo } from './show-info.ts';
import { showResolvers } from './show-resolvers.ts';
import { showServersState } from './show-servers-state.ts';
import { showStat } from './show-stat.ts';
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
  showBackend,
  showCliLevel,
  showCliSockets,
  showEnv,
  showInfo,
  showLibs,
  showResolvers,
  showServersState,
  showStartupLogs,
  showStat,
  showVersion,
  user,
  prompt,
  quit,
];
