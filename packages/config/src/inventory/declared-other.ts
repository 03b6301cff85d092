/**
 * Names outside of the keyword tables: what stands in sections that are still to come, filters, services, commands of the runtime
 * socket and options of the command line. Each with its state; the parts that serve them keep these tables true.
 */

import type { Declaration, KeywordState } from '../keyword.ts';

/** A state for each name; names are separated by commas. */
function table(
  manual: string,
  entries: readonly (readonly [state: KeywordState, names: string, reason?: string])[],
): ReadonlyMap<string, Declaration> {
  const all = entries.flatMap(([state, names, reason]) =>
    names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '')
      .map((name): [string, Declaration] => [
        name,
        { name, state, manual, ...(reason === undefined ? {} : { reason }) },
      ]),
  );
  return new Map(all);
}

/** Keywords inside sections whose heads are not read yet. */
export const SECTION_KEYWORDS: Readonly<Record<string, ReadonlyMap<string, Declaration>>> = {
  peers: table('3.5', [['later', 'bind, default-bind, default-server, disabled, enabled, log, peer, server, table']]),
  program: table('3.7', [
    ['refused', 'command, group, option start-on-reload, user', 'write a systemd unit for the program instead'],
  ]),
  'log-forward': table('3.10', [
    [
      'refused',
      'backlog, bind, dgram-bind, log, maxconn, timeout client',
      'log-forward sections listen on datagrams, which this program only sends; put rsyslog between',
    ],
  ]),
  cache: table('6.2.1', [['later', 'max-age, max-object-size, max-secondary-entries, process-vary, total-max-size']]),
  'fcgi-app': table('10.1.1', [
    [
      'later',
      'acl, docroot, index, log-stderr, option get-values, option keep-conn, option max-reqs, option mpxs-conns, pass-header, path-info, set-param',
    ],
  ]),
};

/** Options of the lines of a `crt-list` file. */
export const CRT_LIST_OPTIONS = table('5.1', [
  [
    'later',
    'allow-0rtt, alpn, ca-file, ca-verify-file, ciphers, ciphersuites, crl-file, curves, ecdhe, no-ca-names, ssl-max-ver, ssl-min-ver, verify',
  ],
  ['refused', 'npn', 'next protocol negotiation is gone from TLS libraries; use alpn instead'],
]);

/** Chapter 9. */
export const FILTERS = table('9', [
  ['later', 'cache, compression, fcgi-app, spoe, trace'],
  [
    'refused',
    'opentracing',
    'the OpenTracing filter is a plug-in of HAProxy; trace by unique-id-format and logs instead',
  ],
]);

export const SERVICES = table('4.2', [['later', 'prometheus-exporter']]);

/** Management manual, sections 9.3 and 9.4. */
export const CLI_COMMANDS = table('9.3', [
  ['works', 'clear config diff, show config diff, show config status'],
  [
    'works',
    `disable agent, disable server, enable agent, enable server, get weight, help, operator, prompt, quit,
     show backend, show cli level, show env, show info, show resolvers, show servers state, show stat,
     show version, set weight, user`,
  ],
  [
    'works',
    `clear counters, experimental-mode, expert-mode, set profiling, set severity-output, set timeout, show activity,
     show cli sockets, show errors, show events, show fd, show libs, show pools, show profiling, show schema json, show startup-logs,
     show tasks, show threads`,
  ],
  [
    'works',
    `@!<pid>, @<relative pid>, @master, add server, del server, disable frontend, disable health, enable frontend,
     enable health, reload, set maxconn frontend, set maxconn global, set maxconn server, set rate-limit, set server,
     show proc, show servers conn, show sess, shutdown frontend, shutdown session, shutdown sessions server`,
  ],
  [
    'later',
    'disable dynamic-cookie backend, enable dynamic-cookie backend, set dynamic-cookie-key backend',
    'it needs persistence by cookies',
  ],
  [
    'later',
    `abort ssl ca-file, abort ssl cert, abort ssl crl-file, add ssl crt-list, commit ssl ca-file, commit ssl cert,
     commit ssl crl-file, del ssl ca-file, del ssl cert, del ssl crl-file, del ssl crt-list, new ssl ca-file,
     new ssl cert, new ssl crl-file, set ssl ca-file, set ssl cert, set ssl crl-file, set ssl ocsp-response,
     set ssl tls-key, show ssl ca-file, show ssl cert, show ssl crl-file, show ssl crt-list,
     show ssl ocsp-response, show tls-keys`,
    'it comes with certificates',
  ],
  [
    'later',
    `add acl, add map, clear acl, clear map, commit acl, commit map, del acl, del map, get acl, get map,
     prepare acl, prepare map, set map, show acl, show map`,
    'it comes with maps and the files of access lists',
  ],
  ['later', 'clear table, set table, show table', 'it comes with stick tables'],
  ['later', 'show peers', 'it comes with peers'],
  ['later', 'show cache', 'it comes with the cache'],
  ['later', 'get var, set var', 'it comes with variables of the process'],
  ['refused', '_getsocks', 'a new process binds beside the older one, so no listener has to change hands'],
  ['refused', 'httpclient', 'there is no HTTP client inside the proxy; use curl'],
  ['refused', 'mcli-debug-mode', 'there is no second process behind the master socket'],
  ['refused', 'show ssl providers', 'the TLS library of the runtime has its own providers'],
  ['refused', 'show trace, trace', "they trace HAProxy's own layers; use debug logs"],
  [
    'refused',
    `debug dev bug, debug dev check, debug dev close, debug dev delay, debug dev exit, debug dev fd, debug dev hex,
     debug dev log, debug dev loop, debug dev panic, debug dev sched, debug dev stream, debug dev sym, debug dev tkill,
     debug dev warn, debug dev write`,
    "they poke in HAProxy's own memory and threads",
  ],
]);

/** Management manual, chapter 3. */
export const COMMAND_LINE_OPTIONS = table('3', [
  [
    'works',
    '--, -C, -D, -L, -N, -S, -V, -W, -Ws, -c, -cc, -d, -dD, -dK, -dL, -dW, -db, -dr, -f, -h, -n, -p, -q, -sf, -st, -v, -vv',
  ],
  ['accepted', '-dM', 'memory is managed by the JavaScript engine, so it is not poisoned'],
  ['accepted', '-de, -dk, -dp', 'the event loop chooses its poller itself'],
  ['accepted', '-dG', 'names are resolved by the runtime'],
  ['accepted', '-dR', 'a new process binds beside the older one, which needs SO_REUSEPORT'],
  ['accepted', '-dS', 'data is not spliced through pipes'],
  ['accepted', '-dV', "certificates of servers are not verified where the server line says 'verify none'"],
  ['accepted', '-m', 'the engine reserves far more address space than it uses; limit memory by the service manager'],
  ['accepted', '-x', 'a new process binds beside the older one, so no listener has to change hands'],
]);
