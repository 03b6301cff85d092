/** `show resolvers [<section id>]` (management manual, section 9.3): what name servers were asked and said. */

import { fault } from './cli/command.ts';
import type { Command } from './cli/command.ts';

/** Counters of the manual that the runtime's resolver does not tell apart stay at 0. */
export const COUNTERS = [
  'sent',
  'snd_error',
  'valid',
  'update',
  'cname',
  'cname_error',
  'any_err',
  'nx',
  'timeout',
  'refused',
  'other',
  'invalid',
  'too_big',
  'truncated',
  'outdated',
] as const;

export const showResolvers: Command = {
  words: ['show', 'resolvers'],
  parameters: '[id]',
  help: 'dumps counters from all resolvers section and associated name servers',
  level: 'user',
  run({ runtime }, [id]) {
    const sections = runtime.resolvers.figures();
    if (id !== undefined && !sections.some(({ name }) => name === id))
      return fault("Can't find that resolvers section\n");
    let text = '';
    for (const { name, servers } of sections) {
      if (id !== undefined && name !== id) continue;
      text += `Resolvers section ${name}\n`;
      for (const { name: nameserver, figures } of servers) {
        text += ` nameserver ${nameserver}:\n`;
        for (const counter of COUNTERS)
          text += `  ${`${counter}:`.padEnd(13)}${Object.hasOwn(figures, counter) ? figures[counter as keyof typeof figures] : 0}\n`;
      }
    }
    return text;
  },
};
