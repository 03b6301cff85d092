/** What the program says of itself: versions, features and limits, in the shape that scripts parse from HAProxy. */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The HAProxy version whose language and behaviour are spoken: what `version_atleast` compares with. */
export const LANGUAGE_VERSION = '2.6.12';

const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** As `2.6.12-evenkeel0.1.0`: scripts that look for the branch see 2.6, people see what runs. */
export const VERSION = `${LANGUAGE_VERSION}-evenkeel${own.version}`;
export const RELEASE_DATE = '2026/11/23';

/** HAProxy's build features by name: `feature()` in configurations and the list of `-vv`. */
export const FEATURES: readonly { readonly name: string; readonly present: boolean }[] = [
  { name: 'ACCEPT4', present: true },
  { name: 'BACKTRACE', present: false },
  { name: 'CPU_AFFINITY', present: true },
  { name: 'EPOLL', present: true },
  { name: 'GETADDRINFO', present: true },
  { name: 'KQUEUE', present: false },
  { name: 'LINUX_SPLICE', present: false },
  { name: 'LINUX_TPROXY', present: true },
  { name: 'LUA', present: false },
  { name: 'NS', present: false },
  { name: 'OPENSSL', present: false },
  { name: 'PCRE', present: false },
  { name: 'PCRE2', present: false },
  { name: 'PRCTL', present: true },
  { name: 'PROMEX', present: false },
  { name: 'QUIC', present: false },
  { name: 'SLZ', present: false },
  { name: 'SYSTEMD', present: true },
  { name: 'TFO', present: true },
  { name: 'THREAD', present: true },
  { name: 'TPROXY', present: true },
  { name: 'ZLIB', present: false },
];

/** `-v`. The first line begins as HAProxy's does, since scripts parse it. */
export function versionText(): string {
  return `HAProxy version ${VERSION} ${RELEASE_DATE} - evenkeel, speaking the language of HAProxy ${LANGUAGE_VERSION}\n`;
}

/** `-vv` */
export function buildOptionsText(): string {
  const { node, v8, uv, openssl, zlib } = process.versions;
  const features = FEATURES.map(({ name, present }) => `${present ? '+' : '-'}${name}`).join(' ');
  return `${versionText()}Build options :
  TARGET  = ${process.platform}-${process.arch}
  RUNTIME = Node.js ${node} (V8 ${v8}, libuv ${uv})

Feature list : ${features}

Default settings :
  bufsize = 16384, maxrewrite = 1024, maxpollevents = 1024

Built with multi-threading support (MAX_THREADS=64, default=${availableParallelism()}).
Running on OpenSSL version : OpenSSL ${openssl}
Running on zlib version : ${zlib}

Available polling systems :
      epoll : pref=300,  test result OK
Total: 1 (1 usable), will use epoll.

Available multiplexer protocols :
(protocols marked as <default> cannot be specified using 'proto' keyword)
  <default> : mode=HTTP  side=FE|BE  mux=H1    flags=HTX
         h1 : mode=HTTP  side=FE|BE  mux=H1    flags=HTX|NO_UPG
  <default> : mode=TCP   side=FE|BE  mux=PASS  flags=
       none : mode=TCP   side=FE|BE  mux=PASS  flags=NO_UPG

Available services : none
Available filters : none
`;
}

/** What is printed without arguments or after a wrong one. */
export function usageText(): string {
  return `Usage : evenkeel [-f <file|directory>]* [options] [-- <file>*]
        -v, -vv      version; build options and features
        -c           check the configuration and exit
        -cc COND     evaluate a condition of '.if' and exit with 0, 1, or 2 for an error
        -C DIR       change to DIR before anything is read
        -d, -db      stay in the foreground
        -D           go to the background
        -W, -Ws      SIGHUP and SIGUSR2 reload, in the same process; -Ws tells systemd when it is ready
        -S ADDR[,OPTION]*  with -W: the master's runtime socket, with the options of 'stats socket'
        -p FILE      write the process number to FILE
        -n N, -N N   connections of the process; of a frontend without maxconn
        -m MB        accepted: limit memory by the service manager
        -L NAME      name of the local peer (default: host name)
        -q, -V       print nothing; undo -q
        -dW, -dD     warnings are fatal; print diagnostics
        --strict     with -c: warnings and advice are fatal; without: they refuse a start or reload
        -dKCLASS     print the known keywords: -dKhelp lists the classes
        -dr, -dL     unresolvable servers do not stop the start; print loaded libraries
        -sf PID*     once ready, ask older processes to finish (SIGUSR1); -st: to stop (SIGTERM)
        -x SOCKET    accepted: a newer process binds beside the older one, so it needs no listeners from it
      evenkeel reload -p FILE       read the configuration anew; 1 and the errors when it was not applied
      evenkeel stop -p FILE [--now] let connections finish, or end them; returns when it is gone
      evenkeel status -p FILE       whether it serves, since when, and what the last reload came to
      evenkeel config show FILE*    the configuration as it is understood
      evenkeel keywords             every keyword of HAProxy 2.6 and its state
      evenkeel doctor [-f FILE]*    what on this machine is not as the configuration wants it
`;
}
