/** `set server` (management manual, section 9.3): which form it is. */

import { setServerAddress } from './address-commands.ts';
import { setServerAgent } from './agent-commands.ts';
import type { Command } from './cli/command.ts';
import { findServer } from './find-server.ts';
import { setServerState } from './server-commands.ts';

const USAGE =
  'usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | check-addr | check-port | fqdn | health | ssl | state | weight\n';

export const setServer: Command = {
  words: ['set', 'server'],
  parameters: '<bk>/<srv> [opts]',
  help: "change a server's state, weight, address or ssl",
  level: 'admin',
  isSilent: true,
  run(context, parameters) {
    const found = findServer(context, parameters[0]);
    if ('fault' in found) return found.fault;
    return (
      setServerAgent(context, parameters) ??
      setServerState(context, parameters) ??
      setServerAddress(context, parameters) ??
      USAGE
    );
  },
};
