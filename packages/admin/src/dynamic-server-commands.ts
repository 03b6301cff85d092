/**
 * `add server`, `del server` (management manual, section 9.3). Other than in HAProxy 2.6 every word that is legal on a `server` line
 * of the file is legal here, and `default-server` of the backend applies.
 */

import { readDynamicServer } from '@evenkeel/config';
import type { Config, Proxy, Server } from '@evenkeel/config';
import type { Plan } from '@evenkeel/proxy';
import { hasDynamicWeights } from '@evenkeel/proxy/main';
import { AdminState, MAINTENANCE_BITS, ServerState } from '@evenkeel/shm';
import { Message, Severity } from './cli/command.ts';
import type { Command } from './cli/command.ts';
import { findProxy } from './find-proxy.ts';
import { findServer } from './find-server.ts';

const REQUIRES = "Require 'backend/server'.";

export const addServer: Command = {
  words: ['add', 'server'],
  parameters: '<bk>/<srv>',
  help: 'create a new server',
  level: 'admin',
  isSilent: true,
  async run(context, [target, ...words]) {
    const { runtime } = context;
    const slash = target?.indexOf('/') ?? -1;
    if (target === undefined || slash < 1 || slash === target.length - 1) return REQUIRES;
    const name = target.slice(slash + 1);
    const found = findProxy(runtime, 'backend', target.slice(0, slash));
    if ('fault' in found) return 'No such backend.';
    const { proxy } = found;
    if (!hasDynamicWeights(proxy)) return 'Backend must use a dynamic load balancing to support dynamic servers.';
    if (proxy.servers.some((server) => server.name === name))
      return 'Already exists a server with the same name in backend.\n';
    const { config } = runtime.plan();
    const read = readDynamicServer(config, proxy, name, words, runtime.configHost, runtime.servers.names);
    if (!read.ok) return `${read.error}\n`;
    let kept: Promise<void> | undefined;
    const note = (): void => void (kept = runtime.changes.noteServer(proxy.name, name, words, context.origin));
    if (!(await runtime.servers.add(proxy.name, read.server, note)))
      return 'No more servers can be added to this backend.\n';
    await kept;
    const remarks = read.warnings.map((warning) => `${warning}\n`).join('');
    return new Message(Severity.info, `${remarks}New server registered.\n`);
  },
};

export const delServer: Command = {
  words: ['del', 'server'],
  parameters: '<bk>/<srv>',
  help: 'remove a dynamically added server',
  level: 'admin',
  isSilent: true,
  async run(context, [target]) {
    const { runtime } = context;
    if (target?.startsWith('/') === true) return REQUIRES;
    const found = findServer(context, target);
    if ('fault' in found) return found.fault.trimEnd();
    const [backend, name] = found.object.name.split('/');
    const objection = ({ config }: Plan, slot: number): string | undefined => {
      if (isReferred(config, backend, name))
        return 'This server cannot be removed at runtime due to other configuration elements pointing to it.';
      const admin = new ServerState(runtime.segment, slot).get('adminState');
      return (admin & (MAINTENANCE_BITS & ~AdminState.resolutionMaintenance)) === 0
        ? 'Only servers in maintenance mode can be deleted.'
        : undefined;
    };
    let kept: Promise<void> | undefined;
    const note = (): void => void (kept = runtime.changes.noteServer(backend, name, undefined, context.origin));
    const fault = await runtime.servers.remove(backend, name, note, objection);
    if (fault !== undefined) return fault;
    await kept;
    return new Message(Severity.info, 'Server deleted.');
  },
};

/** Rules name it, or another server tracks it. */
function isReferred(config: Config, backend: string, name: string): boolean {
  return config.proxies.some(
    (proxy) =>
      (proxy.kind !== 'frontend' && proxy.name === backend && proxy.useServer.some(({ server }) => server === name)) ||
      proxy.servers.some((server) => tracks(proxy, server, backend, name)),
  );
}

function tracks(proxy: Proxy, { track }: Server, backend: string, name: string): boolean {
  if (track === undefined) return false;
  return track === `${backend}/${name}` || (track === name && proxy.name === backend);
}
