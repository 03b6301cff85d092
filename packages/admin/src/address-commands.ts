/** `set server … addr|check-addr|check-port|fqdn|ssl` (management manual, section 9.3), with the answers of HAProxy 2.6.12. */

import { isIP } from 'node:net';
import type { WatchedServer } from '@evenkeel/checks';
import type { ChangedObject } from '@evenkeel/control';
import { change } from './change.ts';
import { Message, Severity } from './cli/command.ts';
import type { Answer, CommandContext } from './cli/command.ts';
import { findServer } from './find-server.ts';

/** The forms of `set server` that concern addresses; undefined for any other. */
export function setServerAddress(context: CommandContext, parameters: readonly string[]): Answer | undefined {
  const [name, form, value, word, port] = parameters;
  if (form !== 'addr' && form !== 'check-addr' && form !== 'check-port' && form !== 'fqdn' && form !== 'ssl')
    return undefined;
  const found = findServer(context, name);
  if ('fault' in found) return found.fault;
  const watched = context.runtime.health.server(found.slot);
  if (watched === undefined) return 'No such server.\n';
  const { object } = found;
  switch (form) {
    case 'addr':
      if (value === undefined) return 'set server <b>/<s> addr requires an address and optionally a port.\n';
      return move(context, object, watched, value, word === 'port' ? (port ?? '') : undefined);
    case 'check-addr': {
      if (value === undefined) return 'set server <b>/<s> check-addr requires an address and optionally a port.\n';
      if (!watched.server.config.check) return NO_CHECKS;
      if (isIP(value) === 0) return `invalid addr '${value}'`;
      const fault = word === 'port' ? portFault(port) : undefined;
      return fault ?? change(context, object, checkValues(value, word === 'port' ? portText(port) : undefined));
    }
    case 'check-port':
      if (value === undefined) return 'set server <b>/<s> check-port requires a port.\n';
      if (!watched.server.config.check) return NO_CHECKS;
      return portFault(value) ?? change(context, object, { 'check-port': portText(value) });
    case 'fqdn':
      return rename(context, object, watched, value);
    case 'ssl':
      // What HAProxy says where no TLS setting stands on the server or its default-server line, as here on any.
      return "'set server <srv> ssl' cannot be set.  default-server should define ssl settings\n";
  }
}

function checkValues(host: string, port: string | undefined): Readonly<Record<string, string>> {
  return { 'check-addr': host, ...(port === undefined ? {} : { 'check-port': port }) };
}

const NO_CHECKS = 'health checks are not enabled on this server';

/** Of checks and agents; 0 takes back what was given. HAProxy ends these sentences without a line feed. */
export function portFault(text: string | undefined): string | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return 'provided port is not an integer';
  return Number(text) > MAX_PORT ? 'provided port is invalid' : undefined;
}

export const portText = (text: string | undefined): string => (Number(text) === 0 ? '' : String(Number(text)));

const MAX_PORT = 65_535;
const BY = " by 'stats socket command'";

function move(
  context: CommandContext,
  object: ChangedObject,
  watched: WatchedServer,
  host: string,
  port: string | undefined,
): Answer {
  const { config } = watched.server;
  if (isIP(host) === 0) return warning(`Invalid addr '${host}'${BY}\n`);
  const before = watched.address;
  if (config.address.kind !== 'inet' || before === undefined)
    return warning(`Update for the current server address family is only supported through configuration file${BY}\n`);
  const parts: string[] = [];
  const moves = host !== before;
  parts.push(moves ? `IP changed from '${before}' to '${host}'` : 'no need to change the addr');
  const now = currentPort(watched);
  let next = now;
  if (port !== undefined) {
    const asked = readPort(port);
    const isMapped = asked?.startsWith('+') === true || asked?.startsWith('-') === true;
    if (asked === undefined) parts.push(`problem converting port '${port}' to an int`);
    else if (isMapped && !hasCheckPort(context, watched)) parts.push(NO_MAPPING);
    else if (asked === now) parts.push('no need to change the port');
    else {
      parts.push(`port changed from '${now}' to '${asked}'`);
      next = asked;
    }
  }
  const answer = warning(`${parts.join(', ')}${BY}\n`);
  if (!moves && next === now) return answer;
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return change(context, object, { addr: `${bracketed}:${next}` }).then(() => answer);
}

const NO_MAPPING =
  "can't change <port> to port map because it is incompatible with current health check port configuration (use 'port' statement from the 'server' directive.";

const warning = (text: string): Message => new Message(Severity.warning, text);

/** `80`, `+1000`, `-10`; undefined for what is no port. HAProxy takes numbers beyond a port by their last 16 bits. */
function readPort(text: string): string | undefined {
  const match = /^([+-]?)(\d+)$/.exec(text);
  if (match === null) return undefined;
  const number = Number(match[2]);
  if (number > MAX_PORT || (match[1] === '' && number === 0)) return undefined;
  return `${match[1]}${number}`;
}

/** As it is now: with its sign where it is added to the port that the client connected to. */
function currentPort({ server: { config, given } }: WatchedServer): string {
  if (given?.portOffset !== undefined) return signed(given.portOffset);
  if (given?.port !== undefined) return String(given.port);
  const port = config.address.kind === 'inet' ? config.address.port : undefined;
  if (port === undefined) return '+0';
  return port.relative ? signed(port.first) : String(port.first);
}

const signed = (offset: number): string => (offset < 0 ? String(offset) : `+${offset}`);

/** Checks of a server whose port is the client's need one of their own. */
function hasCheckPort({ runtime }: CommandContext, { server: { config, slot } }: WatchedServer): boolean {
  return (runtime.health.checkChanges(slot).port ?? config.checkPort) !== undefined;
}

function rename(
  context: CommandContext,
  object: ChangedObject,
  watched: WatchedServer,
  name: string | undefined,
): Answer {
  if (name === undefined || name === '') return 'set server <b>/<s> fqdn requires a FQDN.\n';
  const { config, slot } = watched.server;
  const followed = config.resolvers === undefined ? undefined : context.runtime.resolvers.nameOf(slot);
  if (followed === undefined) return 'set server <b>/<s> fqdn failed because no resolution is configured.\n';
  if (followed.record !== undefined) return 'set server <b>/<s> fqdn failed because SRV resolution is configured.\n';
  const before = followed.host ?? '';
  if (before === name) return warning(`no need to change the FDQN${BY}\n`);
  return change(context, object, { fqdn: name }).then(() =>
    warning(`${object.name} changed its FQDN from ${before} to ${name}${BY}\n`),
  );
}
