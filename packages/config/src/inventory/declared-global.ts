/** Keywords of the `global` section (manual chapter 3) that nothing here reads: what stands in for them, or what they wait for. */

import type { GlobalContext } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import { declare, type Group } from './declare.ts';

function group(state: Group['state'], manual: string, reason?: string, more: Partial<Group> = {}): Group {
  return { state, places: ['global'], manual, ...(reason === undefined ? {} : { reason }), ...more };
}

const DEVICES = 'device detection libraries are not linked in; match the User-Agent header with ACLs instead';
const LUA = 'Lua scripts are not run; write http-request rules, or put a service of your own behind use_backend';
const POLLER = 'the event loop chooses its poller itself';
const MEMORY = 'memory is managed by the JavaScript engine';
const QUIC = 'QUIC is not offered; listen with TLS on TCP instead';

export const declaredGlobalKeywords: readonly Keyword<GlobalContext>[] = [
  ...declare(
    group('refused', '3.1', DEVICES),
    `51degrees-cache-size, 51degrees-data-file, 51degrees-property-name-list, 51degrees-property-separator,
     deviceatlas-json-file, deviceatlas-log-level, deviceatlas-properties-cookie, deviceatlas-separator,
     wurfl-cache-size, wurfl-data-file, wurfl-information-list, wurfl-information-list-separator, wurfl-patch-file`,
  ),
  ...declare(group('refused', '3.1', LUA), 'lua-load, lua-load-per-thread, lua-prepend-path'),
  ...declare(
    group('refused', '3.2', LUA),
    'tune.lua.forced-yield, tune.lua.maxmem, tune.lua.service-timeout, tune.lua.session-timeout, tune.lua.task-timeout',
  ),
  ...declare(
    group('refused', '3.2', QUIC),
    `tune.quic.frontend.conn-tx-buffers.limit, tune.quic.frontend.max-idle-timeout, tune.quic.frontend.max-streams-bidi,
     tune.quic.retry-threshold`,
  ),
  ...declare(
    group('refused', '3.2', 'OpenSSL engines cannot be loaded into the runtime; leave the line out'),
    'ssl-engine',
  ),
  ...declare(
    group(
      'refused',
      '3.1',
      'the TLS library of the runtime has its own providers; choose ciphers and curves by ssl-default-* instead',
    ),
    'ssl-propquery, ssl-provider, ssl-provider-path',
  ),
  ...declare(
    group('refused', '3.2', 'it makes allocations fail for tests of HAProxy itself; leave the line out'),
    'tune.fail-alloc',
  ),

  ...declare(
    group('accepted', '3.2', 'waiting threads sleep in the event loop', { negatable: true, bare: true }),
    'busy-polling',
  ),
  ...declare(group('accepted', '3.1', 'the secret is used by QUIC alone, which is not offered'), 'cluster-secret'),
  ...declare(group('accepted', '3.1', "experimental keywords are HAProxy's own"), 'expose-experimental-directives'),
  ...declare(
    group('accepted', '3.1', 'there is no HTTP client inside the proxy'),
    'httpclient.resolvers.id, httpclient.resolvers.prefer, httpclient.ssl.ca-file, httpclient.ssl.verify',
  ),
  ...declare(group('accepted', '3.1', 'programs that are started never gain privileges'), 'insecure-setuid-wanted'),
  ...declare(
    group('accepted', '3.1', 'a reload starts no process that would have to be counted'),
    'mworker-max-reloads',
  ),
  ...declare(group('accepted', '3.1', 'threads run where cpu-map puts them', { negatable: true }), 'numa-cpu-mapping'),
  ...declare(
    group('accepted', '3.1', 'core dumps follow the limits of the process', { negatable: true, bare: true }),
    'set-dumpable',
  ),
  ...declare(group('accepted', '3.1', 'statistics are served by the one process there is'), 'stats bind-process'),
  ...declare(group('accepted', '3.1', 'all threads form one group'), 'thread-group, thread-groups'),
  ...declare(group('accepted', '3.2', POLLER, { bare: true }), 'noepoll, noevports, nokqueue, nopoll'),
  ...declare(group('accepted', '3.2', POLLER), 'tune.fd.edge-triggered, tune.maxpollevents'),
  ...declare(group('accepted', '3.2', 'names are resolved by the runtime', { bare: true }), 'nogetaddrinfo'),
  ...declare(
    group('accepted', '3.2', 'every thread accepts on a socket of its own, which needs SO_REUSEPORT', { bare: true }),
    'noreuseport',
  ),
  ...declare(group('accepted', '3.2', 'data is not spliced through pipes', { bare: true }), 'nosplice'),
  ...declare(group('accepted', '3.2', 'data is not spliced through pipes'), 'tune.pipesize'),
  ...declare(group('accepted', '3.2', MEMORY, { bare: true }), 'no-memory-trimming'),
  ...declare(group('accepted', '3.2', MEMORY), 'tune.buffers.limit, tune.buffers.reserve'),
  ...declare(
    group('accepted', '3.2', "profiles are taken with the runtime's own tools"),
    'profiling.memory, profiling.tasks',
  ),
  ...declare(
    group('accepted', '3.2', 'idle server connections belong to the thread that made them'),
    'tune.idle-pool.shared',
  ),
  ...declare(group('accepted', '3.2', 'the kernel spreads connections over the threads'), 'tune.listener.multi-queue'),
  ...declare(group('accepted', '3.2', 'compiled patterns need no cache'), 'tune.pattern.cache-size'),
  ...declare(group('accepted', '3.2', 'reads take what the system has'), 'tune.recv_enough'),
  ...declare(group('accepted', '3.2', 'the event loop has one queue'), 'tune.runqueue-depth, tune.sched.low-latency'),
  ...declare(group('accepted', '3.2', 'handshakes are done by the runtime'), 'ssl-mode-async'),

  ...declare(group('later', '3.1', 'it needs the PROXY protocol', { bare: true }), 'pp2-never-send-local'),
  ...declare(group('later', '3.1', 'it needs HTTP/2'), 'h2-workaround-bogus-websocket-clients'),
  ...declare(
    group('later', '3.2', 'it needs HTTP/2'),
    'tune.h2.header-table-size, tune.h2.initial-window-size, tune.h2.max-concurrent-streams, tune.h2.max-frame-size',
  ),
  ...declare(
    group('later', '3.1', 'it needs TLS'),
    'issuers-chain-path, ssl-dh-param-file, ssl-load-extra-del-ext, ssl-load-extra-files, ssl-skip-self-issued-ca',
  ),
  ...declare(
    group('later', '3.2', 'it needs TLS'),
    `tune.ssl.cachesize, tune.ssl.capture-buffer-size, tune.ssl.capture-cipherlist-size, tune.ssl.default-dh-param,
     tune.ssl.force-private-cache, tune.ssl.hard-maxrecord, tune.ssl.keylog, tune.ssl.lifetime, tune.ssl.maxrecord,
     tune.ssl.ssl-ctx-cache-size`,
  ),
  ...declare(
    group('later', '3.2', 'it needs compression'),
    'maxcompcpuusage, maxcomprate, maxzlibmem, tune.comp.maxlevel, tune.zlib.memlevel, tune.zlib.windowsize',
  ),
  ...declare(group('later', '3.2', 'it needs peers'), 'tune.peers.max-updates-at-once'),
  ...declare(
    group('later', '3.2', 'it needs variables'),
    `tune.vars.check-max-size, tune.vars.global-max-size, tune.vars.proc-max-size, tune.vars.reqres-max-size,
     tune.vars.sess-max-size, tune.vars.txn-max-size`,
  ),
];
