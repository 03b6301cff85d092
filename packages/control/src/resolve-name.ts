/** Host names as the C library of this machine resolves them (manual section 5.3). */

import { promises as dns } from 'node:dns';

/** The first numeric address of a name, in the family wanted; undefined where there is none. */
export async function resolveName(host: string, family: 4 | 6 | undefined): Promise<string | undefined> {
  try {
    const { address } = await dns.lookup(host, { family: family ?? 0 });
    return address;
  } catch {
    return undefined;
  }
}
