/** `show servers state [<backend>]` (management manual, section 9.3): volatile state, in the format of server-state files, version 1. */

import { isIP } from 'node:net';
import { stateFields } from '@evenkeel/checks';
import { ServerState } from '@evenkeel/shm';
import type { Proxy, Server } from '@evenkeel/config';
import type { Command } from './cli/command.ts';
import type { Runtime } from './runtime.ts';

const HEADER =
  '1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change ' +
  'srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port ' +
  'srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n';

export const showServersState: Command = {
  words: ['show', 'servers', 'state'],
  parameters: '[<backend>]',
  help: 'dump volatile server information (all or for a single backend)',
  level: 'user',
  run({ runtime }, [name]) {
    const plan = runtime.plan();
    const backends = plan.config.proxies.filter((proxy) => proxy.kind !== 'frontend');
    if (name !== undefined && !backends.some((proxy) => proxy.name === name)) return "Can't find backend.\n";
    let text = HEADER;
    for (const [index, proxy] of plan.config.proxies.entries()) {
      if (proxy.kind === 'frontend' || proxy.disabled || (name !== undefined && proxy.name !== name)) continue;
      const { serverSlots } = plan.proxies[index];
      for (const [position, server] of proxy.servers.entries())
        text += line(runtime, proxy, server, serverSlots[position]);
    }
    return text;
  },
};

function line(runtime: Runtime, proxy: Proxy, server: Server, slot: number): string {
  const state = new ServerState(runtime.segment, slot);
  const watched = runtime.health.server(slot);
  if (watched === undefined) return '';
  const view = watched.view();
  const fields = stateFields(view);
  const { address } = server;
  const followed = runtime.resolvers.nameOf(slot);
  const host = watched.address ?? '-';
  const isService = followed?.record !== undefined;
  const port = address.kind !== 'inet' ? 0 : (watched.server.given?.port ?? (isService ? 0 : address.port?.first) ?? 0);
  const named = address.kind === 'inet' && isIP(address.host) === 0 ? address.host : '-';
  const sinceChange = Math.max(0, Math.floor((runtime.dateNow() - state.time('lastChangeMs')) / 1000));
  const agent = runtime.health.agentChanges(slot);
  const words = [
    proxy.id,
    proxy.name,
    server.id,
    server.name,
    host,
    fields.srv_op_state,
    fields.srv_admin_state,
    state.get('userWeight'),
    state.get('initialWeight'),
    sinceChange,
    fields.srv_check_status,
    fields.srv_check_result,
    fields.srv_check_health,
    fields.srv_check_state,
    fields.srv_agent_state,
    Number(proxy.idExplicit),
    Number(server.idExplicit),
    followed === undefined ? named : (followed.host ?? '-'),
    port,
    followed?.record ?? '-',
    0,
    server.checkPort ?? 0,
    server.checkAddress ?? '-',
    agent.host ?? server.agentAddress ?? '-',
    agent.port ?? server.agentPort,
  ];
  return `${words.join(' ')}\n`;
}
