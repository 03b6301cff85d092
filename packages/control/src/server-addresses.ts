/** Host names of `server` and `bind` lines to numeric addresses, once for each generation (manual section 5.3, "libc"). */

import { isIP } from 'node:net';
import type { Proxy } from '@evenkeel/config';

/** The first address of a name in the family wanted; undefined where there is none. */
export type ResolveName = (host: string, family: 4 | 6 | undefined) => Promise<string | undefined>;

export interface ResolvedServers {
  /** For each proxy, parallel to its servers. */
  readonly addresses: readonly (readonly (string | undefined)[])[];
  readonly errors: readonly string[];
}

export function isNumericHost(host: string): boolean {
  return isIP(host) !== 0;
}

/** Each name is asked for once, all at the same time. Names that do not resolve are errors unless `ignore` is set. */
export async function resolveServers(
  proxies: readonly Proxy[],
  resolve: ResolveName,
  ignore: boolean,
): Promise<ResolvedServers> {
  const answers = new Map<string, Promise<string | undefined>>();
  const errors: string[] = [];
  const addresses = await Promise.all(
    proxies.map(async (proxy) => {
      return await Promise.all(
        proxy.servers.map(async ({ address, name, at }) => {
          if (address.kind !== 'inet') return undefined;
          const { host, family } = address;
          if (isNumericHost(host)) return host;
          const key = `${family ?? ''} ${host}`;
          const answer = answers.get(key) ?? resolve(host, family);
          answers.set(key, answer);
          const numeric = await answer;
          if (numeric === undefined && !ignore) {
            errors.push(
              `config : [${at.file}:${at.line}] : 'server ${proxy.name}/${name}' : could not resolve address '${host}'. Use a numeric address, or '-dr' to start without it.`,
            );
          }
          return numeric;
        }),
      );
    }),
  );
  return { addresses, errors };
}
