/** Commands about the connection itself (management manual, section 9.3): modes, level, time-out, severities. */

import { formatAddress } from '@evenkeel/config';
import type { Address } from '@evenkeel/config';
import type { Command, CommandContext } from './cli/command.ts';
import { Message, Severity, fault } from './cli/command.ts';

function lowering(level: 'operator' | 'user'): Command {
  return {
    words: [level],
    parameters: '',
    help: `lower the level of the current CLI session to ${level}`,
    level,
    run(context) {
      context.level = level;
      context.isExpert = false;
      context.isExperimental = false;
      return '';
    },
  };
}

const operator = lowering('operator');
const user = lowering('user');

const prompt: Command = {
  words: ['prompt'],
  parameters: '',
  help: undefined,
  level: 'user',
  run(context) {
    context.interactive = !context.interactive;
    return '';
  },
};

const quit: Command = {
  words: ['quit'],
  parameters: '',
  help: undefined,
  level: 'user',
  run(context) {
    context.leaving = true;
    return '';
  },
};

/** `expert-mode [on|off]`, `experimental-mode [on|off]`: not in the help, as on HAProxy. */
function mode(word: string, field: 'isExpert' | 'isExperimental'): Command {
  return {
    words: [word],
    parameters: '[on|off]',
    help: undefined,
    level: 'admin',
    run(context, [value]) {
      if (value === undefined) return new Message(Severity.info, `${word} is ${context[field] ? 'ON' : 'OFF'}\n`);
      context[field] = value === 'on';
      return '';
    },
  };
}

const expertMode = mode('expert-mode', 'isExpert');
const experimentalMode = mode('experimental-mode', 'isExperimental');

const setSeverityOutput: Command = {
  words: ['set', 'severity-output'],
  parameters: '[none|number|string]',
  help: 'set presence of severity level in feedback information',
  level: 'user',
  run(context, [value]) {
    if (value !== 'none' && value !== 'number' && value !== 'string')
      return fault("one of 'none', 'number', 'string' is a required argument\n");
    context.severityOutput = value;
    return '';
  },
};

/** Longest time-out: what HAProxy's own times can hold. */
const MAX_TIMEOUT_MS = 2_147_483_647;

const setTimeoutCli: Command = {
  words: ['set', 'timeout'],
  parameters: '[cli] <delay>',
  help: 'change a timeout setting',
  level: 'user',
  run(context: CommandContext, [which, value]) {
    if (which !== 'cli') return fault("'set timeout' only supports 'cli'.\n");
    if (value === undefined) return fault('Expects an integer value.\n');
    const delayMs = readDelay(value);
    if (delayMs === undefined || delayMs < 1) return fault('Invalid timeout value.\n');
    context.timeoutMs = Math.min(delayMs, MAX_TIMEOUT_MS);
    return '';
  },
};

const UNIT_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** In seconds, unless a unit follows; undefined where it is no time. */
function readDelay(text: string): number | undefined {
  const [, digits, unit] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text) ?? [];
  return digits === undefined ? undefined : Math.ceil(Number(digits) * (UNIT_MS[unit ?? 's'] ?? 1000));
}

const showCliLevel: Command = {
  words: ['show', 'cli', 'level'],
  parameters: '',
  help: 'display the level of the current CLI session',
  level: 'user',
  run: ({ level }) => `${level}\n`,
};

const showCliSockets: Command = {
  words: ['show', 'cli', 'sockets'],
  parameters: '',
  help: 'dump list of cli sockets',
  level: 'user',
  run({ runtime }) {
    const sockets = runtime.plan().config.global.statsSockets;
    const lines = sockets.map(({ address, level }) => `${socketText(address)} ${level} all\n`);
    return `# socket lvl processes\n${lines.join('')}`;
  },
};

/** With the family before it, as HAProxy 2.6 prints it; an inherited one by its number. */
export function socketText(address: Address): string {
  const text = formatAddress(address);
  switch (address.kind) {
    case 'unix':
      return text.startsWith('unix@') ? text : `unix@${text}`;
    case 'inet':
      return text.startsWith('ipv6@') ? text : `${address.host.includes(':') ? 'ipv6' : 'ipv4'}@${text}`;
    case 'abstract':
    case 'fd':
      return text;
  }
}

/** Those of every socket: what changes or shows the conversation itself. */
export const SESSION_COMMANDS: readonly Command[] = [
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
];
