/**
 * Asks the name servers of one `resolvers` section, through the runtime's own resolver. All are asked at once and the first
 * valid answer counts; where none is valid the last failure does (manual 5.3.2).
 */

import { promises as dns } from 'node:dns';
import { readFileSync } from 'node:fs';
import { isIP, isIPv6 } from 'node:net';
import type { Resolvers } from '@evenkeel/config';
import type { Answer, AnswerFailure, ServiceRecord } from './answer.ts';

/** What `show resolvers` says of one name server. */
export interface NameServerFigures {
  sent: number;
  valid: number;
  nx: number;
  timeout: number;
  refused: number;
  other: number;
}

interface NameServer {
  readonly name: string;
  readonly address: string;
  readonly resolver: dns.Resolver;
  readonly figures: NameServerFigures;
}

/** Codes of c-ares, by what `hold` calls them. */
const FAILURES: Readonly<Record<string, AnswerFailure>> = {
  ENOTFOUND: 'nx',
  EREFUSED: 'refused',
  ETIMEOUT: 'timeout',
  ECONNREFUSED: 'timeout',
  ECANCELLED: 'timeout',
};

export class NameServers {
  readonly #servers: readonly NameServer[];

  constructor(section: Resolvers) {
    const listed = section.nameservers.map(({ name, host, port }) => ({ name, address: withPort(host, port) }));
    const found = section.parseResolvConf ? systemNameServers() : [];
    this.#servers = [...listed, ...found].map(({ name, address }) => {
      const resolver = new dns.Resolver({
        timeout: section.timeoutRetryMs,
        maxTimeout: section.timeoutRetryMs,
        tries: Math.max(1, section.resolveRetries),
      });
      resolver.setServers([address]);
      return { name, address, resolver, figures: { sent: 0, valid: 0, nx: 0, timeout: 0, refused: 0, other: 0 } };
    });
  }

  /** Of each name server, with its address as logs print it. */
  get figures(): readonly { readonly name: string; readonly address: string; readonly figures: NameServerFigures }[] {
    return this.#servers;
  }

  /** Addresses of the family preferred, or of the other one where there are none of it. */
  async addresses(host: string, prefer: 4 | 6): Promise<Answer<string>> {
    const ask = async (family: 4 | 6): Promise<Answer<string>> =>
      await this.#ask(async (resolver) => await (family === 4 ? resolver.resolve4(host) : resolver.resolve6(host)));
    const first = await ask(prefer);
    if (first.status === 'valid' || first.status === 'timeout') return first;
    const second = await ask(prefer === 4 ? 6 : 4);
    // Of two failures the one that was meant is told.
    return second.status === 'valid' ? second : first;
  }

  async services(name: string): Promise<Answer<ServiceRecord>> {
    return await this.#ask(async (resolver) =>
      (await resolver.resolveSrv(name)).map(({ name: target, port, weight }) => ({ target, port, weight })),
    );
  }

  /** Queries under way end at once. */
  cancel(): void {
    for (const { resolver } of this.#servers) resolver.cancel();
  }

  async #ask<Found>(query: (resolver: dns.Resolver) => Promise<Found[]>): Promise<Answer<Found>> {
    let left = this.#servers.length;
    if (left === 0) return { status: 'timeout', from: '' };
    return await new Promise((resolve) => {
      for (const { name, resolver, figures } of this.#servers) {
        figures.sent++;
        const failed = (error: NodeJS.ErrnoException): void => {
          const status = FAILURES[error.code ?? ''] ?? 'other';
          figures[status]++;
          if (--left === 0) resolve({ status, from: name });
        };
        query(resolver).then((records) => {
          figures.valid++;
          resolve({ status: 'valid', records, from: name });
        }, failed);
      }
    });
  }
}

const withPort = (host: string, port: number): string => (isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`);

/** Those of /etc/resolv.conf; the file may be missing. */
function systemNameServers(): { readonly name: string; readonly address: string }[] {
  try {
    return nameServersIn(readFileSync('/etc/resolv.conf', 'latin1'));
  } catch {
    return [];
  }
}

/** Name servers in the words of resolv.conf(5), named by their address as HAProxy names them; what is no address is left out. */
export function nameServersIn(text: string): { readonly name: string; readonly address: string }[] {
  return [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)]
    .map(([, host]) => ({ name: host, address: withPort(host, 53) }))
    .filter(({ name }) => isIP(name) !== 0);
}
