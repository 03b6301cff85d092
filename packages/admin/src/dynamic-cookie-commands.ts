/** `enable|disable dynamic-cookie`, `set dynamic-cookie-key`: known, and refused with the reason, as this version sets no cookies. */

import type { Command, CommandContext } from './cli/command.ts';
import { findProxy } from './find-proxy.ts';

const NO_COOKIES = "Servers are not named by cookies in this version ('cookie' persistence is not available).\n";

function refuse({ runtime }: CommandContext, name: string | undefined): string {
  const found = findProxy(runtime, 'backend', name);
  return 'fault' in found ? found.fault : NO_COOKIES;
}

function dynamicCookie(word: 'enable' | 'disable'): Command {
  return {
    words: [word, 'dynamic-cookie', 'backend'],
    parameters: '<bk>',
    help: `${word} dynamic cookies on a specific backend`,
    level: 'admin',
    isSilent: true,
    run: (context, [name]) => refuse(context, name),
  };
}

export const enableDynamicCookie = dynamicCookie('enable');
export const disableDynamicCookie = dynamicCookie('disable');

export const setDynamicCookieKey: Command = {
  words: ['set', 'dynamic-cookie-key', 'backend'],
  parameters: '<bk> <k>',
  help: 'change a backend secret key for dynamic cookies',
  level: 'admin',
  isSilent: true,
  run(context, [name, key]) {
    const found = findProxy(context.runtime, 'backend', name);
    if ('fault' in found) return found.fault;
    return key === undefined ? 'String value expected.\n' : NO_COOKIES;
  },
};
