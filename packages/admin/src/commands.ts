/** Every command of the runtime socket, in the order in which help lists them. */

import { disableAgent, enableAgent, setServer } from './agent-commands.ts';
import type { Command } from './cli/command.ts';
import { disableServer, enableServer, getWeight, setWeight } from './server-commands.ts';
import { showInfo } from './show-info.ts';
import { showResolvers } from './show-resolvers.ts';
import { showServersState } from './show-servers-state.ts';
import { showStat } from './show-stat.ts';

const operator: Command = {
  words: ['operator'],
  parameters: '',
  help: 'lower the level of the current CLI session to operator',
  level: 'operator',
  run(context) {
    context.level = 'operator';
    return '';
  },
};

const user: Command = {
  words: ['user'],
  parameters: '',
  help: 'lower the level of the current CLI session to user',
  level: 'user',
  run(context) {
    context.level = 'user';
    return '';
  },
};

const prompt: Command = {
  words: ['prompt'],
  parameters: '',
  help: 'toggle interactive mode with prompt',
  level: 'user',
  run(context) {
    context.interactive = !context.interactive;
    return '';
  },
};

const quit: Command = {
  words: ['quit'],
  parameters: '',
  help: 'disconnect',
  level: 'user',
  run(context) {
    context.leaving = true;
    return '';
  },
};

const showBackend: Command = {
  words: ['show', 'backend'],
  parameters: '',
  help: 'list backends in the current running config',
  level: 'user',
  run({ runtime }) {
    const names = runtime
      .plan()
      .config.proxies.filter((proxy) => proxy.kind !== 'frontend')
      .map((proxy) => `${proxy.name}\n`);
    return `# name\n${names.join('')}`;
  },
};

const showCliLevel: Command = {
  words: ['show', 'cli', 'level'],
  parameters: '',
  help: 'display the level of the current CLI session',
  level: 'user',
  run: ({ level }) => `${level}\n`,
};

const showEnv: Command = {
  words: ['show', 'env'],
  parameters: '[var]',
  help: 'dump environment variables known to the process',
  level: 'operator',
  run({ runtime }, [name]) {
    if (name === undefined)
      return Object.entries(runtime.environment)
        .map(([key, value]) => `${key}=${value ?? ''}\n`)
        .join('');
    const value = runtime.environment[name];
    return value === undefined ? 'Variable not found\n' : `${name}=${value}\n`;
  },
};

const showVersion: Command = {
  words: ['show', 'version'],
  parameters: '',
  help: 'show version of the current process',
  level: 'user',
  run: ({ runtime }) => `${runtime.version}\n`,
};

export const COMMANDS: readonly Command[] = [
  disableAgent,
  disableServer,
  enableAgent,
  enableServer,
  getWeight,
  operator,
  setServer,
  setWeight,
  showBackend,
  showCliLevel,
  showEnv,
  showInfo,
  showResolvers,
  showServersState,
  showStat,
  showVersion,
  user,
  prompt,
  quit,
];
