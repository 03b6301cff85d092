/** `enable frontend`, `disable frontend`, `shutdown frontend` (management manual, section 9.3). Listeners of every thread follow. */

import { FrontendState } from '@evenkeel/shm';
import type { FrontendCondition } from '@evenkeel/shm';
import { change } from './change.ts';
import type { Command, CommandContext } from './cli/command.ts';
import { findProxy } from './find-proxy.ts';
import type { FoundProxy } from './find-proxy.ts';

/** Every thread's listeners do what the state says, and this resolves when they have; returns what could not be bound again. */
async function followed(
  { runtime }: CommandContext,
  { slot }: FoundProxy,
  condition: FrontendCondition,
): Promise<readonly string[]> {
  const answers = await runtime.ask({ type: 'frontend', frontendSlot: slot, condition });
  return [...new Set(answers.flatMap(({ answer }) => answer))];
}

/** A command for frontends that were not shut down; of one that was, it says `whenShut`. */
function frontendCommand(
  verb: string,
  help: string,
  whenShut: string,
  act: (context: CommandContext, found: FoundProxy, state: FrontendState) => Promise<string>,
): Command {
  return {
    words: [verb, 'frontend'],
    parameters: '<frontend>',
    help,
    level: 'admin',
    isSilent: true,
    async run(context, [name]) {
      const found = findProxy(context.runtime, 'frontend', name);
      if ('fault' in found) return found.fault;
      const state = new FrontendState(context.runtime.segment, found.slot);
      if (state.condition === 'shut' || found.proxy.disabled) return whenShut;
      return await act(context, found, state);
    },
  };
}

export const disableFrontend = frontendCommand(
  'disable',
  'temporarily disable specific frontend',
  'Frontend was previously shut down, cannot disable.\n',
  async (context, found, { condition }) => {
    if (condition === 'disabled') return 'All sockets are already disabled.\n';
    await change(context, found.object, { state: 'disabled' });
    await followed(context, found, 'disabled');
    context.runtime.announce(found.index, `Paused frontend ${found.proxy.name}.`);
    return '';
  },
);

export const enableFrontend = frontendCommand(
  'enable',
  're-enable specific frontend',
  'Frontend was previously shut down, cannot enable.\n',
  async (context, found, { condition }) => {
    if (condition === 'open') return 'All sockets are already enabled.\n';
    await change(context, found.object, { state: 'enabled' });
    const errors = await followed(context, found, 'open');
    if (errors.length > 0) return 'Failed to resume frontend, check logs for precise cause (port conflict?).\n';
    context.runtime.announce(found.index, `Resumed frontend ${found.proxy.name}.`);
    return '';
  },
);

export const shutdownFrontend = frontendCommand(
  'shutdown',
  'stop a specific frontend',
  'Frontend was already shut down.\n',
  async (context, found, state) => {
    state.condition = 'shut';
    await followed(context, found, 'shut');
    context.runtime.forgetListeners(found.index);
    context.runtime.announceStop(found.index);
    return '';
  },
);
