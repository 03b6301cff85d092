/** `show servers state [<backend>]` (management manual, section 9.3): volatile state, in the format of server-state files, version 1. */

import { isIP } from 'node:net';
import { stateFields } from '@evenkeel/checks';
import { ServerState } from '@evenkeel/shm';
import type { Proxy, Server } from '@evenkeel/config';
import { Stream, fault } from './cli/command.ts';
import type { Command } from './cli/command.ts';
import type { Runtime } from './runtime.ts';
import { proxiesOf } from './walk.ts';

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
    if (name !== undefined && !backends.some((proxy) => proxy.name === name)) return fault("Can't find backend.\n");
    return new Stream(lines(runtime, name));
  },
};

function* lines(runtime: Runtime, name: string | undefined): Generator<string> {
  yield HEADER;
  for (const walked of proxiesOf(runtime)) {
    const proxy = walked.now()?.proxy;
    if (proxy === undefined || proxy.kind === 'frontend' || (name !== undefined && proxy.name !== name)) continue;
    if (proxy.disabled) {
      // HAProxy has put them into its list from the front when it gives a disabled section up.
      for (const server of proxy.servers.toReversed()) yield lineOfDisabled(runtime, proxy, server);
      continue;
    }
    for (const { here, server, slot } of walked.servers()) yield line(runtime, here.proxy, server, slot);
  }
}

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
  const named = nameOf(server);
  const sinceChange = Math.max(0, Math.floor((runtime.dateNow() - state.time('lastChangeMs')) / 1000));
  const agent = runtime.health.agentChanges(slot);
  const check = runtime.health.checkChanges(slot);
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
    check.port ?? server.checkPort ?? 0,
    check.host ?? server.checkAddress ?? '-',
    agent.host ?? server.agentAddress ?? server.checkAddress ?? '-',
    (agent.port ?? server.agentPort) || (server.checkPort ?? 0),
  ];
  return `${words.join(' ')}\n`;
}

/** A server of a section that is disabled: it has no number, no address of a name and no checks, only what its line says. */
function lineOfDisabled(runtime: Runtime, proxy: Proxy, server: Server): string {
  const { address, disabled, weight } = server;
  const { initialAdmin, initialCheckState, initialHealth, initialOperation } = disabled ? IN_MAINTENANCE : IN_SERVICE;
  const numeric =
    address.kind !== 'inet' || nameOf(server) !== '-' ? '-' : address.host === '*' ? '0.0.0.0' : address.host;
  const words = [
    proxy.id,
    proxy.name,
    server.idExplicit ? server.id : 0,
    server.name,
    numeric,
    initialOperation,
    initialAdmin,
    weight,
    weight,
    Math.max(0, Math.floor((runtime.dateNow() - runtime.startTimeMs) / 1000)),
    1,
    0,
    initialHealth,
    initialCheckState,
    0,
    Number(proxy.idExplicit),
    Number(server.idExplicit),
    nameOf(server),
    address.kind === 'inet' ? (address.port?.first ?? 0) : 0,
    '-',
    0,
    server.checkPort ?? 0,
    server.checkAddress ?? '-',
    server.agentAddress ?? server.checkAddress ?? '-',
    server.agentPort || (server.checkPort ?? 0),
  ];
  return `${words.join(' ')}\n`;
}

/** Management manual, section 9.3, "show servers state": the fields of a server that nothing has happened to. */
const IN_SERVICE = { initialOperation: 2, initialAdmin: 0, initialHealth: 2, initialCheckState: 0 } as const;
const IN_MAINTENANCE = { initialOperation: 0, initialAdmin: 5, initialHealth: 0, initialCheckState: 8 } as const;

function nameOf({ address }: Server): string {
  return address.kind === 'inet' && address.host !== '*' && isIP(address.host) === 0 ? address.host : '-';
}
