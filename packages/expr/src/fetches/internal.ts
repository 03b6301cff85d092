/** Constants, the process, proxies: fetches that need no traffic (manual sections 7.3.2 and, for proxies and listeners, 7.3.3). */

import { parseIpAddress } from '../ip-address.ts';
import { fromBigInt, type Integer, type Value } from '../values.ts';
import { plain, type FetchCompiler } from './fetch.ts';

function constant(value: Value | undefined): ReturnType<FetchCompiler> {
  return { get: () => value };
}

/** An integer argument: text where it is beyond the safe integers. */
export function integerArgument(value: string | number): Integer {
  return typeof value === 'number' ? value : fromBigInt(BigInt(value));
}

const address: FetchCompiler = ([text]) => constant(parseIpAddress(String(text)));

/** Seconds since the epoch with an offset, in the unit of the second argument. */
const date: FetchCompiler = ([offset = 0, unit = 's'], environment) => {
  const shift = Number(offset);
  switch (unit) {
    case 'ms':
      return { get: () => Math.floor(environment.nowMs()) + shift };
    case 'us':
      return { get: () => Math.floor(environment.nowMs() * 1000) + shift };
    default:
      return { get: () => Math.floor(environment.nowMs() / 1000) + shift };
  }
};

/** Random version 4 UUID of RFC 9562. */
function uuid(random: () => number): string {
  let out = '';
  for (let index = 0; index < 36; index++) {
    if (index === 8 || index === 13 || index === 18 || index === 23) out += '-';
    else if (index === 14) out += '4';
    else {
      const digit = Math.floor(random() * 16);
      out += (index === 19 ? (digit & 3) | 8 : digit).toString(16);
    }
  }
  return out;
}

/** Microseconds of the current second. */
const dateUs: FetchCompiler = (_, environment) => ({ get: () => Math.floor((environment.nowMs() % 1000) * 1000) });

export const INTERNAL_FETCHES: Readonly<Record<string, FetchCompiler>> = {
  always_true: () => constant(true),
  always_false: () => constant(false),
  bool: ([value]) => constant(value === 1),
  int: ([value]) => constant(integerArgument(value)),
  str: ([value = '']) => constant(String(value)),
  bin: ([value]) => constant(String(value)),
  meth: ([value = '']) => constant(String(value)),
  ipv4: address,
  ipv6: address,
  env: ([name = ''], environment) => constant(environment.variable(String(name))),
  hostname: (_, environment) => constant(environment.hostname),
  proc: () => constant(1),
  nbproc: () => constant(1),
  thread: (_, environment) => constant(environment.thread),
  date,
  date_us: dateUs,
  rand: ([range = 0], environment) => {
    const limit = Number(range);
    // Without a range HAProxy gives 32 random bits.
    return { get: () => Math.floor(environment.random() * (limit > 0 ? limit : 0x100000000)) };
  },
  uuid: (_, environment) => ({ get: () => uuid(environment.random) }),
  'unique-id': plain((context) => context.uniqueId),

  fe_name: plain((context) => context.session.frontend.name),
  fe_id: plain((context) => context.session.frontend.id),
  fe_defbe: plain((context) => context.session.frontend.defaultBackend),
  be_name: plain((context) => context.backend.name),
  be_id: plain((context) => context.backend.id),
  srv_name: plain((context) => context.server?.name),
  srv_id: plain((context) => context.server?.id),
  so_id: plain((context) => context.session.listenerId),
  so_name: plain((context) => context.session.listenerName),

  /** True at the end of content inspection; until then a test waits. */
  wait_end: () => ({ get: (context) => (context.inspectionFinal ? true : undefined), pending: () => true }),
};

/** Connections have addresses (manual section 7.3.3), unless they came over a Unix socket. */
export const CONNECTION_FETCHES: Readonly<Record<string, FetchCompiler>> = {
  src: plain((context) => context.session.source),
  src_port: plain((context) => (context.session.source === undefined ? undefined : context.session.sourcePort)),
  dst: plain((context) => context.session.destination),
  dst_port: plain((context) =>
    context.session.destination === undefined ? undefined : context.session.destinationPort,
  ),
  ssl_fc: plain((context) => context.session.secure),
  // Errors of handshakes: a connection that has none, or that got past it, has none of them.
  fc_err: () => constant(0),
  fc_err_str: () => constant('Success'),
};
