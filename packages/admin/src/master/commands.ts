/**
 * What the master's socket can do beside passing commands on (management manual, section 9.4). There is one process here, which
 * is master and worker: `@1` and its number both lead to it, and a reload makes a new generation of it instead of a new worker.
 */

import type { Command } from '../cli/command.ts';
import { showStartupLogs, showVersion } from '../process-commands.ts';
import { SESSION_COMMANDS } from '../session-commands.ts';

/** Columns of `show proc`. */
const COLUMN = 15;
const row = (...cells: readonly string[]): string => `${cells.map((cell) => cell.padEnd(COLUMN)).join(' ')}\n`;

export const showProc: Command = {
  words: ['show', 'proc'],
  parameters: '',
  help: 'show processes status',
  level: 'user',
  run({ runtime }) {
    const { loads, pid, version } = runtime;
    const now = runtime.dateNow();
    const serving = uptime(now - (loads.lastSuccess?.atMs ?? runtime.startTimeMs));
    const reloads = `${loads.reloads} [failed: ${loads.failedSinceSuccess}]`;
    return (
      row('#<PID>', '<type>', '<reloads>', '<uptime>', '<version>') +
      row(String(pid), 'master', reloads, uptime(now - runtime.startTimeMs), version) +
      '# workers\n' +
      // What it has outlived: reloads that failed, since one that succeeded makes a new one.
      row(String(pid), 'worker', String(loads.failedSinceSuccess), serving, version) +
      '# programs\n'
    );
  },
};

/** `1d02h03m04s` */
function uptime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  return `${Math.floor(seconds / 86_400)}d${two(hours)}h${two(minutes)}m${two(seconds % 60)}s`;
}

/**
 * HAProxy 2.6 closes the connection without a word, since its master starts anew; here the outcome is known, and is told as
 * later versions tell it: `Success=1` or `Success=0`, a line `--`, and what was said.
 */
export const reload: Command = {
  words: ['reload'],
  parameters: '',
  help: 'reload haproxy',
  level: 'operator',
  async run(context) {
    const { ok, text } = await context.runtime.reload(`master socket, ${context.origin}`);
    context.leaving = !context.interactive;
    return `Success=${ok ? 1 : 0}\n--\n${text}`;
  },
};

/** Only its line in the help: prefixes are taken off before commands are looked for. */
function prefix(word: string, process: string): Command {
  return {
    words: [word],
    parameters: '',
    help: `send a command to the ${process} process`,
    level: 'user',
    run: () => '',
  };
}

export const MASTER_COMMANDS: readonly Command[] = [
  prefix('@!<pid>', '<pid>'),
  prefix('@<relative pid>', '<relative pid>'),
  prefix('@master', 'master'),
  reload,
  showProc,
  showStartupLogs,
  showVersion,
  ...SESSION_COMMANDS,
];
