/** `enable frontend`, `disable frontend`, `shutdown frontend` (management manual, section 9.3). Listeners of every thread follow. */

import { FrontendState } from '@evenkeel/shm';
import type { FrontendCondition } from '@evenkeel/shm';
import { change } from './change.ts';
import type { Command, CommandContext } from './cli/command.ts';
import { findProxy } from './find-proxy.ts';
import type { FoundProxy } from './find-proxy.ts';

function stateOf({ runtime }: CommandContext, { slot }: FoundProxy): FrontendState {
  return new FrontendState(runtime.segment, slot);
}

/** Every thread's listeners do what the state says, and this resolves when they have; returns what could not be bound again. */
async function followed(
  { runtime }: CommandContext,
  { slot }: FoundProxy,
  condition: FrontendCondition,
): Promise<readonly string[]> {
  const answers = await runtime.ask({ type: 'frontend', frontendSlot: slot, condition });
  return [...new Set(answers.flatMap(({ answer }) => answer))];
}

export const disableFrontend: Command = {
  words: ['disable', 'frontend'],
  parameters: '<frontend>',
  help: 'temporarily disable specific frontend',
  level: 'admin',
  isSilent: true,
  async run(context, [name]) {
    const found = findProxy(context.runtime, 'frontend', name);
    if ('fault' in found) return found.fault;
    const { condition } = stateOf(context, found);
    if (condition === 'shut' || found.proxy.disabled) return 'Frontend was previously shut down, cannot disable.\n';
    if (condition === 'disabled') return 'All sockets are already disabled.\n';
    await change(context, found.object, { state: 'disabled' });
    await followed(context, found, 'disabled');
    context.runtime.announce(found.index, `Paused frontend ${found.proxy.name}.`);
    return '';
  },
};

export const enableFrontend: Command = {
  words: ['enable', 'frontend'],
  parameters: '<frontend>',
  help: 're-enable specific frontend',
  level: 'admin',
  isSilent: true,
  async run(context, [name]) {
    const found = findProxy(context.runtime, 'frontend', name);
    if ('fault' in found) return found.fault;
    const { condition } = stateOf(context, found);
    if (condition === 'shut' || found.proxy.disabled) return 'Frontend was previously shut down, cannot enable.\n';
    if (condition === 'open') return 'All sockets are already enabled.\n';
    await change(context, found.object, { state: 'enabled' });
    const errors = await followed(context, found, 'open');
    if (errors.length > 0) return 'Failed to resume frontend, check logs for precise cause (port conflict?).\n';
    context.runtime.announce(found.index, `Resumed frontend ${found.proxy.name}.`);
    return '';
  },
};

export const shutdownFrontend: Command = {
  words: ['shutdown', 'frontend'],
  parameters: '<frontend>',
  help: 'stop a specific frontend',
  level: 'admin',
  isSilent: true,
  async run(context, [name]) {
    const found = findProxy(context.runtime, 'frontend', name);
    if ('fault' in found) return found.fault;
    const state = stateOf(context, found);
    if (state.condition === 'shut' || found.proxy.disabled) return 'Frontend was already shut down.\n';
    state.condition = 'shut';
    await followed(context, found, 'shut');
    context.runtime.forgetListeners(found.index);
    context.runtime.announceStop(found.index);
    return '';
  },
};
