/** Commands about the process: what it was started with and what it said then (management manual, section 9.3). */

import { readFileSync } from 'node:fs';
import type { Command } from './cli/command.ts';
import { Stream, fault } from './cli/command.ts';
import { socketText } from './session-commands.ts';

export const showBackend: Command = {
  words: ['show', 'backend'],
  parameters: '',
  help: 'list backends in the current running config',
  level: 'user',
  run({ runtime }) {
    const names = runtime
      .plan()
      .config.proxies.filter((proxy) => proxy.kind !== 'frontend')
      .map((proxy) => `${proxy.name}\n`);
    return new Stream([`# name\n`, ...names]);
  },
};

export const showEnv: Command = {
  words: ['show', 'env'],
  parameters: '[var]',
  help: 'dump environment variables known to the process',
  level: 'operator',
  run({ runtime }, [name]) {
    const { statsSockets } = runtime.plan().config.global;
    const variables = new Map(runtime.environment());
    if (statsSockets.length > 0)
      variables.set('HAPROXY_CLI', statsSockets.map(({ address }) => socketText(address)).join(';'));
    if (name === undefined) return [...variables].map(([key, value]) => `${key}=${value}\n`).join('');
    const value = variables.get(name);
    return value === undefined ? fault('Variable not found\n') : `${name}=${value}\n`;
  },
};

export const showVersion: Command = {
  words: ['show', 'version'],
  parameters: '',
  help: 'show version of the current process',
  level: 'user',
  run: ({ runtime }) => `${runtime.version}\n`,
};

export const showStartupLogs: Command = {
  words: ['show', 'startup-logs'],
  parameters: '',
  help: 'report logs emitted during HAProxy startup',
  level: 'operator',
  // Where nothing was said there is a line all the same, as on HAProxy.
  run: ({ runtime }) => runtime.startupLogs() || '\n',
};

/** The files with code that the process has mapped, as the kernel lists them: where each begins and ends, its size and its path. */
export const showLibs: Command = {
  words: ['show', 'libs'],
  parameters: '',
  help: 'show loaded object files and libraries',
  level: 'operator',
  run() {
    const ranges = new Map<string, { first: bigint; last: bigint }>();
    for (const [, from, to, path] of readFileSync('/proc/self/maps', 'latin1').matchAll(MAPPING)) {
      if (!/\.so(\.|$)|\.node$/.test(path) && path !== process.execPath) continue;
      const [first, last] = [BigInt(`0x${from}`), BigInt(`0x${to}`)];
      const known = ranges.get(path);
      // Read-only copies that the program maps elsewhere are no part of it.
      if (known === undefined) ranges.set(path, { first, last });
      else if (first - known.last < FAR) known.last = last;
    }
    return [...ranges]
      .map(([path, { first, last }]) => `${hex(first, 12)}-${hex(last, 12)} (${hex(last - first, 7)}) ${path}\n`)
      .join('');
  },
};

/** A line of /proc/self/maps that has a path. */
const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ +(\/.*)$/gm;
/** Parts of one file that lie closer together than this were mapped as one. */
const FAR = 1n << 30n;

const hex = (value: bigint, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`;
