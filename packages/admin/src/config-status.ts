/** `show config status`, our own: which configuration serves, since when, and what became of the last attempt to change it. */

import type { LoadOutcome } from '@evenkeel/control';
import { fault } from './cli/command.ts';
import type { Command } from './cli/command.ts';
import type { Runtime } from './runtime.ts';

export const showConfigStatus: Command = {
  words: ['show', 'config', 'status'],
  parameters: '[json]',
  help: 'tell when the configuration was last reloaded, and whether that succeeded',
  level: 'operator',
  run({ runtime }, [format]) {
    if (format === 'json') return `${JSON.stringify(asData(runtime))}\n`;
    if (format !== undefined) return fault(`Unknown output format '${format}': 'json' or nothing is expected.\n`);
    return configStatusText(runtime);
  },
};

/** Lines `Name: value`, as `show info` has them; times are ISO 8601. */
export function configStatusText({ loads }: Pick<Runtime, 'loads'>): string {
  const { lastSuccess, last } = loads;
  const lines = [
    `Generation: ${lastSuccess?.generation ?? 0}`,
    `Serving_since: ${lastSuccess === undefined ? '-' : timeOf(lastSuccess)}`,
    `Reloads: ${loads.reloads}`,
    `Failed_since_success: ${loads.failedSinceSuccess}`,
  ];
  if (last !== undefined) {
    lines.push(
      `Last_load: ${last.ok ? 'success' : 'failure'}`,
      `Last_load_time: ${timeOf(last)}`,
      `Last_load_ms: ${Math.round(last.durationMs)}`,
      `Last_load_by: ${last.by}`,
    );
    if (!last.ok) lines.push('Last_load_messages:', ...last.messages.trimEnd().split('\n').map(indented));
  }
  return `${lines.join('\n')}\n`;
}

function asData({ loads }: Runtime): Record<string, unknown> {
  const { lastSuccess, last } = loads;
  return {
    generation: lastSuccess?.generation ?? 0,
    servingSince: lastSuccess === undefined ? null : timeOf(lastSuccess),
    reloads: loads.reloads,
    failedSinceSuccess: loads.failedSinceSuccess,
    last:
      last === undefined
        ? null
        : {
            ok: last.ok,
            time: timeOf(last),
            durationMs: Math.round(last.durationMs),
            by: last.by,
            messages: last.messages,
          },
  };
}

const timeOf = ({ atMs }: LoadOutcome): string => new Date(atMs).toISOString();
const indented = (line: string): string => `  ${line}`;
