/** `enable health`, `disable health` (management manual, section 9.3). */

import { change } from './change.ts';
import type { Command } from './cli/command.ts';
import { findServer } from './find-server.ts';

function health(word: 'enable' | 'disable'): Command {
  return {
    words: [word, 'health'],
    parameters: '',
    help: `${word} health checks`,
    level: 'admin',
    isSilent: true,
    run(context, [name]) {
      const found = findServer(context, name);
      if ('fault' in found) return found.fault;
      const isChecked = context.runtime.health.server(found.slot)?.server.config.check === true;
      if (isChecked) return change(context, found.object, { check: `${word}d` });
      return word === 'disable' ? '' : 'Health check was not configured on this server, cannot enable.\n';
    },
  };
}

export const enableHealth = health('enable');
export const disableHealth = health('disable');
