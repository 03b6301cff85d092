/** Who answered: servers, names, name servers. */

import type { Facts, Network, ReachedServer } from './facts.ts';
import { error, ok, warning, type Finding } from './finding.ts';

/** Unreachable servers that are named one by one; the rest is counted. */
const MOST_NAMED = 20;

export function examineNetwork({ network }: Facts): readonly Finding[] {
  if (network === undefined) return [];
  return [...names(network), ...nameServers(network), ...servers(network)];
}

function names({ names: asked }: Network): readonly Finding[] {
  const unknown = asked.filter(({ isKnown }) => !isKnown);
  if (asked.length > 0 && unknown.length === 0) return [ok('names', `${asked.length} host names resolve.`)];
  return unknown.map(({ name, owner }) =>
    error(
      'names',
      `${name} (${owner}) does not resolve.`,
      "the start is refused, or the server begins without an address ('init-addr', 'resolvers')",
      `getent ahosts ${name}; then correct the name, or /etc/resolv.conf`,
    ),
  );
}

function nameServers({ nameServers: asked }: Network): readonly Finding[] {
  return asked.map(({ address, answered, name, section }) =>
    answered
      ? ok('name-servers', `${address} (resolvers ${section}) answers.`)
      : warning(
          'name-servers',
          `${address} (${name} of resolvers ${section}) does not answer.`,
          "servers keep the addresses that they have; each question takes 'resolve_retries' times 'timeout retry' longer",
          `dig @${address.replace(/:\d+$/, '')} .; then correct the address, or open port 53 on the way`,
        ),
  );
}

function servers({ servers: reached }: Network): readonly Finding[] {
  if (reached.length === 0) return [];
  const findings: Finding[] = [];
  const failed = reached.filter(({ failure }) => failure !== undefined && failure !== 'untried');
  const untried = reached.filter(({ failure }) => failure === 'untried').length;
  for (const [backend, all] of Map.groupBy(reached, (each) => each.backend)) {
    if (!all.every((each) => failed.includes(each))) continue;
    findings.push(
      error(
        'servers',
        `No server of ${backend} can be reached.`,
        'every client of it is answered 503',
        'start the servers, or correct their addresses',
      ),
    );
  }
  findings.push(...failed.slice(0, MOST_NAMED).map(unreachable));
  if (failed.length > MOST_NAMED) {
    findings.push(
      warning(
        'servers',
        `${failed.length - MOST_NAMED} further servers cannot be reached.`,
        'they get no clients once checks have found them',
        'start them, or correct their addresses',
      ),
    );
  }
  const reachable = reached.length - failed.length - untried;
  if (reachable > 0) findings.push(ok('servers', `${reachable} of ${reached.length} servers accept connections.`));
  if (untried > 0)
    findings.push(
      warning('servers', `${untried} servers were not tried.`, 'there was no time left', 'correct the others first'),
    );
  return findings;
}

function unreachable({ backend, failure, server, target }: ReachedServer): Finding {
  const split = /^\[?([^\]]*)\]?:(\d+)$/.exec(target);
  return warning(
    'servers',
    `${backend}/${server} at ${target} cannot be reached: ${failure}.`,
    'it gets no clients once checks have found it; without checks they wait, and get 503',
    split === null
      ? `ls -l ${target}`
      : `nc -vz ${split[1]} ${split[2]}; then look at the server, or at a firewall between`,
  );
}
