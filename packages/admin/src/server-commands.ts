/**
 * Commands about the states and weights of servers (management manual, section 9.3): `set server … state|health|weight`, `get
 * weight`, `set weight`, `enable server`, `disable server`. Answers word for word as HAProxy 2.6.12 gives them.
 */

import type { WatchedServer } from '@evenkeel/checks';
import type { ChangedObject } from '@evenkeel/control';
import { change } from './change.ts';
import { fault } from './cli/command.ts';
import type { Command, CommandContext } from './cli/command.ts';
import { findServer } from './find-server.ts';

interface Target {
  readonly watched: WatchedServer;
  readonly object: ChangedObject;
}

function watchedServer(context: CommandContext, word: string | undefined): Target | { readonly fault: string } {
  const found = findServer(context, word);
  if ('fault' in found) return found;
  const watched = context.runtime.health.server(found.slot);
  return watched === undefined ? { fault: 'No such server.\n' } : { watched, object: found.object };
}

/** The forms of `set server` that concern states and weights; undefined for any other. */
export function setServerState(
  context: CommandContext,
  parameters: readonly string[],
): string | Promise<string> | undefined {
  const [name, form, value] = parameters;
  if (form !== 'state' && form !== 'health' && form !== 'weight') return undefined;
  const found = watchedServer(context, name);
  if ('fault' in found) return found.fault;
  const { watched } = found;
  switch (form) {
    case 'state':
      if (value !== 'ready' && value !== 'drain' && value !== 'maint')
        return "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n";
      return change(context, found.object, { state: value });
    case 'health':
      if (watched.tracked !== undefined) return 'cannot change health on a tracking server.\n';
      if (value !== 'up' && value !== 'stopping' && value !== 'down')
        return "'set server <srv> health' expects 'up', 'stopping', or 'down'.\n";
      watched.force(value);
      return '';
    case 'weight':
      return changeWeight(context, found, value);
  }
}

/** 0 to 256, or percent of the weight that the configuration gives. */
function changeWeight(
  context: CommandContext,
  { watched, object }: Target,
  text: string | undefined,
): string | Promise<string> {
  if (text === undefined || text === '') return 'Require <weight> or <weight%>.\n';
  const [, digits, rest] = /^\s*([+-]?\d+)?(.*)$/s.exec(text)!;
  if (digits === undefined) return 'Empty weight string empty or preceded by garbage';
  const number = Number(digits);
  const { weight: configured } = watched.server.config;
  let weight = number;
  if (rest === '%') {
    if (number < 0) return 'Relative weight must be positive.\n';
    weight = Math.min(256, Math.floor((configured * Math.min(number, MAX_PERCENT)) / 100));
  } else if (number < 0 || number > 256) return 'Absolute weight can only be between 0 and 256 inclusive.\n';
  else if (rest !== '') return 'Trailing garbage in weight string';
  if (!watched.backend.hasDynamicWeights && weight !== 0 && weight !== configured)
    return "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n";
  return change(context, object, { weight: String(weight) });
}

/** More would not change the result: a weight is 256 at most. */
const MAX_PERCENT = 25_600;

export const getWeight: Command = {
  words: ['get', 'weight'],
  parameters: '<bk>/<srv>',
  help: "report a server's current weight",
  level: 'user',
  run(context, [name]) {
    const found = watchedServer(context, name);
    return 'fault' in found
      ? fault(found.fault)
      : `${found.watched.weight} (initial ${found.watched.server.config.weight})\n`;
  },
};

export const setWeight: Command = {
  words: ['set', 'weight'],
  parameters: '<bk>/<srv>  (DEPRECATED)',
  help: "change a server's weight (use 'set server' instead)",
  level: 'admin',
  isSilent: true,
  run(context, [name, value]) {
    const found = watchedServer(context, name);
    return 'fault' in found ? found.fault : changeWeight(context, found, value);
  },
};

function administration(word: 'enable' | 'disable', to: 'ready' | 'maint', parameters: string, help: string): Command {
  return {
    words: [word, 'server'],
    parameters,
    help,
    level: 'admin',
    isSilent: true,
    run(context, [name]) {
      const found = watchedServer(context, name);
      return 'fault' in found ? found.fault : change(context, found.object, { state: to });
    },
  };
}

// Blanks as HAProxy prints them.
export const enableServer = administration(
  'enable',
  'ready',
  ' (DEPRECATED)',
  "enable a disabled server (use 'set server' instead)",
);
export const disableServer = administration(
  'disable',
  'maint',
  '(DEPRECATED)',
  "disable a server for maintenance (use 'set server' instead)",
);
