/** The ports by which the rules know a protocol, as IANA assigned them. */

import type { Bind, Server } from '../model.ts';

export const MYSQL_PORT = 3306;
export const POSTGRESQL_PORT = 5432;
export const AMQP_PORT = 5672;

/** The port that a server is connected to; undefined where it follows the client's, or there is none. */
export function serverPort({ address }: Server): number | undefined {
  return address.kind === 'inet' && address.port?.relative === false ? address.port.first : undefined;
}

export function listensOn({ addresses }: Bind, port: number): boolean {
  return addresses.some(
    (address) =>
      address.kind === 'inet' && address.port !== undefined && address.port.first <= port && port <= address.port.last,
  );
}
