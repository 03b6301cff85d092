/**
 * The inventory: every name of HAProxy 2.6's language that is not declared with its arguments elsewhere in this package. It is the
 * union of what the program lists (`haproxy -dKall`) and of the manuals' chapters: facts, no states. Fetches, converters,
 * ACL keywords, actions and log variables have tables of their own in `expressions/`.
 *
 * Names are separated by commas; where HAProxy's lists put something behind a name, it stands there.
 */

/** Chapter 3, the `global` section. */
export const GLOBAL_NAMES = `
  51degrees-cache-size, 51degrees-data-file, 51degrees-property-name-list, 51degrees-property-separator,
  busy-polling, ca-base, chroot, close-spread-time, cluster-secret, cpu-map, crt-base, daemon, default-path,
  description, deviceatlas-json-file, deviceatlas-log-level, deviceatlas-properties-cookie, deviceatlas-separator,
  expose-experimental-directives, external-check, fd-hard-limit, gid, grace, group,
  h1-accept-payload-with-any-method, h1-case-adjust, h1-case-adjust-file, h2-workaround-bogus-websocket-clients,
  hard-stop-after, httpclient.resolvers.id, httpclient.resolvers.prefer, httpclient.ssl.ca-file,
  httpclient.ssl.verify, insecure-fork-wanted, insecure-setuid-wanted, issuers-chain-path, localpeer, log,
  log-send-hostname, log-tag, lua-load, lua-load-per-thread, lua-prepend-path, master-worker, max-spread-checks,
  maxcompcpuusage, maxcomprate, maxconn, maxconnrate, maxpipes, maxsessrate, maxsslconn, maxsslrate, maxzlibmem,
  mworker-max-reloads, nbproc, nbthread, no-memory-trimming, node, noepoll, noevports, nogetaddrinfo, nokqueue,
  nopoll, noreuseport, nosplice, numa-cpu-mapping, pidfile, pp2-never-send-local, presetenv, profiling.memory,
  profiling.tasks, quiet, resetenv, server-state-base, server-state-file, set-dumpable, set-var, set-var-fmt,
  setenv, spread-checks, ssl-default-bind-ciphers, ssl-default-bind-ciphersuites, ssl-default-bind-curves,
  ssl-default-bind-options, ssl-default-server-ciphers, ssl-default-server-ciphersuites,
  ssl-default-server-options, ssl-dh-param-file, ssl-engine, ssl-load-extra-del-ext, ssl-load-extra-files,
  ssl-mode-async, ssl-propquery, ssl-provider, ssl-provider-path, ssl-server-verify, ssl-skip-self-issued-ca,
  stats bind-process, stats maxconn, stats socket, stats timeout, strict-limits, thread-group, thread-groups,
  tune.buffers.limit, tune.buffers.reserve, tune.bufsize, tune.comp.maxlevel, tune.fail-alloc,
  tune.fd.edge-triggered, tune.h2.header-table-size, tune.h2.initial-window-size, tune.h2.max-concurrent-streams,
  tune.h2.max-frame-size, tune.http.cookielen, tune.http.logurilen, tune.http.maxhdr, tune.idle-pool.shared,
  tune.idletimer, tune.listener.multi-queue, tune.lua.forced-yield, tune.lua.maxmem, tune.lua.service-timeout,
  tune.lua.session-timeout, tune.lua.task-timeout, tune.maxaccept, tune.maxpollevents, tune.maxrewrite,
  tune.pattern.cache-size, tune.peers.max-updates-at-once, tune.pipesize, tune.pool-high-fd-ratio,
  tune.pool-low-fd-ratio, tune.quic.frontend.conn-tx-buffers.limit, tune.quic.frontend.max-idle-timeout,
  tune.quic.frontend.max-streams-bidi, tune.quic.retry-threshold, tune.rcvbuf.client, tune.rcvbuf.server,
  tune.recv_enough, tune.runqueue-depth, tune.sched.low-latency, tune.sndbuf.client, tune.sndbuf.server,
  tune.ssl.cachesize, tune.ssl.capture-buffer-size, tune.ssl.capture-cipherlist-size, tune.ssl.default-dh-param,
  tune.ssl.force-private-cache, tune.ssl.hard-maxrecord, tune.ssl.keylog, tune.ssl.lifetime, tune.ssl.maxrecord,
  tune.ssl.ssl-ctx-cache-size, tune.vars.check-max-size, tune.vars.global-max-size, tune.vars.proc-max-size,
  tune.vars.reqres-max-size, tune.vars.sess-max-size, tune.vars.txn-max-size, tune.zlib.memlevel,
  tune.zlib.windowsize, uid, ulimit-n, unix-bind, unsetenv, user, wurfl-cache-size, wurfl-data-file,
  wurfl-information-list, wurfl-information-list-separator, wurfl-patch-file,
  zero-warning`;

/** What this program has of its own: in the global section, in proxy sections, on server lines, at the runtime socket. */
export const OWN_GLOBAL_NAMES = 'persist-runtime';
export const OWN_PROXY_NAMES = 'option ping-check';
export const OWN_SERVER_NAMES = 'check-and';
export const OWN_CLI_NAMES = 'clear config diff, show config diff, show config status';

/** Chapter 4: `defaults`, `frontend`, `listen`, `backend`, with the words that HAProxy 2.6 only refuses. */
export const PROXY_NAMES = `
  acl, appsession, backlog, balance, bind, bind-process, block, capture cookie, capture request header, capture response header,
  cliexp, clitcpka-cnt, clitcpka-idle, clitcpka-intvl, clitimeout, compression algo, compression offload,
  compression type, contimeout, cookie, declare capture, default-server, default_backend, description, disabled,
  dispatch, dynamic-cookie-key, email-alert from, email-alert level, email-alert mailers, email-alert myhostname,
  email-alert to, enabled, error-log-format, errorfile, errorfiles, errorloc, errorloc302, errorloc303,
  external-check command, external-check path, filter, force-persist, fullconn, grace, hash-balance-factor,
  hash-type, http-after-response, http-check comment, http-check connect, http-check disable-on-404,
  http-check expect, http-check send, http-check send-state, http-check set-var, http-check set-var-fmt,
  http-check unset-var, http-error, http-request, http-response, http-reuse, http-send-name-header, id,
  ignore-persist, load-server-state-from-file, log, log-format, log-format-sd, log-tag, max-keep-alive-queue,
  max-session-srv-conns, maxconn, mode, monitor fail, monitor-net, monitor-uri, option abortonclose,
  option accept-invalid-http-request, option accept-invalid-http-response, option allbackups, option checkcache,
  option clitcpka, option contstats, option disable-h2-upgrade, option dontlog-normal, option dontlognull,
  option external-check, option forceclose, option forwardfor, option h1-case-adjust-bogus-client,
  option h1-case-adjust-bogus-server, option http-buffer-request, option http-ignore-probes,
  option http-keep-alive, option http-no-delay, option http-pretend-keepalive, option http-restrict-req-hdr-names,
  option http-server-close, option http-tunnel, option http-use-proxy-header, option httpchk, option httpclose,
  option httplog, option httpslog, option idle-close-on-response, option independent-streams, option ldap-check,
  option log-health-checks, option log-separate-errors, option logasap, option mysql-check, option nolinger,
  option originalto, option persist, option pgsql-check, option prefer-last-server, option redis-check,
  option redispatch, option smtpchk, option socket-stats, option splice-auto, option splice-request,
  option splice-response, option spop-check, option srvtcpka, option ssl-hello-chk, option tcp-check,
  option tcp-smart-accept, option tcp-smart-connect, option tcpka, option tcplog, option transparent,
  persist rdp-cookie, rate-limit sessions, redirect, redisp, redispatch, reqadd, reqallow, reqdel, reqdeny,
  reqiallow, reqidel, reqideny, reqipass, reqirep, reqitarpit, reqpass, reqrep, reqtarpit,
  retries, retry-on, rspadd, rspdel, rspdeny, rspidel, rspideny, rspirep, rsprep, server, server-state-file-name,
  server-template, source, srvexp, srvtcpka-cnt, srvtcpka-idle, srvtcpka-intvl, srvtimeout, stats admin,
  stats auth, stats enable, stats hide-version, stats http-request, stats realm, stats refresh, stats scope,
  stats show-desc, stats show-legends, stats show-modules, stats show-node, stats uri, stick match, stick on,
  stick store-request, stick store-response, stick-table, tcp-check comment, tcp-check connect, tcp-check expect,
  tcp-check send, tcp-check send-binary, tcp-check send-binary-lf, tcp-check send-lf, tcp-check set-var,
  tcp-check set-var-fmt, tcp-check unset-var, tcp-request connection, tcp-request content,
  tcp-request inspect-delay, tcp-request session, tcp-response content, tcp-response inspect-delay, timeout check,
  timeout client, timeout client-fin, timeout connect, timeout http-keep-alive, timeout http-request,
  timeout queue, timeout server, timeout server-fin, timeout tarpit, timeout tunnel, transparent, unique-id-format,
  unique-id-header, use-fcgi-app, use-server, use_backend`;

/** Section 3.4. */
export const USERLIST_NAMES = `
  group, user`;

/** Section 3.5. */
export const PEERS_NAMES = `
  bind, default-bind, default-server, disabled, enabled, log, peer, server, table`;

/** Section 3.6. */
export const MAILERS_NAMES = `
  mailer, timeout mail`;

/** Section 3.7. */
export const PROGRAM_NAMES = `
  command, group, option start-on-reload, user`;

/** Section 3.8. */
export const HTTP_ERRORS_NAMES = `
  errorfile`;

/** Section 3.9. */
export const RING_NAMES = `
  backing-file, description, format, maxlen, server, size, timeout connect, timeout server`;

/** Section 3.10. */
export const LOG_FORWARD_NAMES = `
  backlog, bind, dgram-bind, log, maxconn, timeout client`;

/** Section 5.3.2. */
export const RESOLVERS_NAMES = `
  accepted_payload_size, hold, nameserver, parse-resolv-conf, resolve_retries, timeout`;

/** Section 6.2.1. */
export const CACHE_NAMES = `
  max-age, max-object-size, max-secondary-entries, process-vary, total-max-size`;

/** Section 10.1.1. */
export const FCGI_APP_NAMES = `
  acl, docroot, index, log-stderr, option get-values, option keep-conn, option max-reqs, option mpxs-conns,
  pass-header, path-info, set-param`;

/** Section 5.1, with how many words follow each: `name +1`. */
export const BIND_NAMES = `
  accept-netscaler-cip +1, accept-proxy, allow-0rtt, alpn +1, backlog +1, ca-file +1, ca-ignore-err +1,
  ca-sign-file +1, ca-sign-pass +1, ca-verify-file +1, ciphers +1, ciphersuites +1, crl-file +1, crt +1,
  crt-ignore-err +1, crt-list +1, curves +1, defer-accept, ecdhe +1, expose-fd +1, force-sslv3, force-tlsv10,
  force-tlsv11, force-tlsv12, force-tlsv13, generate-certificates, gid +1, group +1, id +1, interface +1, level +1,
  maxconn +1, mode +1, mss +1, name +1, namespace +1, nice +1, no-ca-names, no-sslv3, no-tls-tickets, no-tlsv10,
  no-tlsv11, no-tlsv12, no-tlsv13, npn +1, prefer-client-ciphers, process +1, proto +1, quic-cc-algo +1,
  quic-force-retry, severity-output +1, shards +1, ssl, ssl-max-ver +1, ssl-min-ver +1, strict-sni, tcp-ut +1, tfo,
  thread +1, tls-ticket-keys +1, transparent, uid +1, user +1, v4v6, v6only, verify +1`;

/** Section 5.2, with how many words follow each: `name +1`, `source +-1` takes the rest of the line. */
export const SERVER_NAMES = `
  addr +1, agent-addr +1, agent-check, agent-inter +1, agent-port +1, agent-send +1, allow-0rtt, alpn +1, backup,
  ca-file +1, check, check-alpn +1, check-proto +1, check-send-proxy, check-sni +1, check-ssl, check-via-socks4,
  ciphers +1, ciphersuites +1, cookie +1, crl-file +1, crt +1, disabled, downinter +1, enabled, error-limit +1,
  fall +1, fastinter +1, force-sslv3, force-tlsv10, force-tlsv11, force-tlsv12, force-tlsv13, id +1, init-addr +1,
  inter +1, log-proto +1, max-reuse +1, maxconn +1, maxqueue +1, minconn +1, namespace +1, no-agent-check,
  no-backup, no-check, no-check-send-proxy, no-check-ssl, no-send-proxy, no-send-proxy-v2, no-send-proxy-v2-ssl,
  no-send-proxy-v2-ssl-cn, no-ssl, no-ssl-reuse, no-sslv3, no-tfo, no-tls-tickets, no-tlsv10, no-tlsv11, no-tlsv12,
  no-tlsv13, no-verifyhost, non-stick, npn +1, observe +1, on-error +1, on-marked-down +1, on-marked-up +1,
  pool-low-conn +1, pool-max-conn +1, pool-purge-delay +1, port +1, proto +1, proxy-v2-options +1, redir +1,
  resolve-net +1, resolve-opts +1, resolve-prefer +1, resolvers +1, rise +1, send-proxy, send-proxy-v2,
  send-proxy-v2-ssl, send-proxy-v2-ssl-cn, slowstart +1, sni +1, socks4 +1, source +-1, ssl, ssl-max-ver +1,
  ssl-min-ver +1, ssl-reuse, stick, tcp-ut +1, tfo, tls-tickets, track +1, usesrc, verify +1, verifyhost +1,
  weight +1, ws +1`;

/** Section 5.1, "crt-list": options that a line of such a file may hold. */
export const CRT_LIST_NAMES = `
  allow-0rtt, alpn +1, ca-file +1, ca-verify-file +1, ciphers +1, ciphersuites +1, crl-file +1, curves +1,
  ecdhe +1, no-ca-names, npn +1, ssl-max-ver +1, ssl-min-ver +1, verify +1`;

/** Options of one word with the sides and the mode that they belong to, as HAProxy lists them. */
export const OPTION_FLAGS = `
  abortonclose [ BE ], accept-invalid-http-request [ FE HTTP ], accept-invalid-http-response [ BE HTTP ],
  allbackups [ BE ], checkcache [ BE HTTP ], clitcpka [ FE ], contstats [ FE ], disable-h2-upgrade [ FE HTTP ],
  dontlog-normal [ FE ], dontlognull [ FE ], h1-case-adjust-bogus-client [ FE ],
  h1-case-adjust-bogus-server [ BE ], http-buffer-request [ FE BE HTTP ], http-ignore-probes [ FE HTTP ],
  http-no-delay [ FE BE HTTP ], http-pretend-keepalive [ BE HTTP ], http-use-proxy-header [ FE HTTP ],
  idle-close-on-response [ FE HTTP ], independent-streams [ FE BE ], log-health-checks [ BE ],
  log-separate-errors [ FE ], logasap [ FE ], nolinger [ FE BE ], persist [ BE ], prefer-last-server [ BE HTTP ],
  socket-stats [ FE ], splice-auto [ FE BE ], splice-request [ FE BE ], splice-response [ FE BE ], srvtcpka [ BE ],
  tcp-smart-accept [ FE ], tcp-smart-connect [ BE ], transparent [ BE ]`;

/** Chapter 9. */
export const FILTER_NAMES = `
  cache [CACHE], compression [COMP], fcgi-app [FCGI], opentracing [OT], spoe [SPOE], trace [TRACE]`;

/** Section 4.2, "http-request use-service". */
export const SERVICE_NAMES = `
  prometheus-exporter`;

/** Management manual, sections 9.3 and 9.4, with where each command exists: in workers, in the master, under which mode. */
export const CLI_NAMES = `
  @!<pid> [MASTER], @<relative pid> [MASTER], @master [MASTER], _getsocks [WORKER], abort ssl ca-file [WORKER],
  abort ssl cert [WORKER], abort ssl crl-file [WORKER], add acl [WORKER], add map [WORKER], add server [WORKER],
  add ssl crt-list [WORKER], clear acl [WORKER], clear counters [WORKER], clear map [WORKER], clear table [WORKER],
  commit acl [WORKER], commit map [WORKER], commit ssl ca-file [WORKER], commit ssl cert [WORKER],
  commit ssl crl-file [WORKER], debug dev bug [WORKER] [EXPERT], debug dev check [WORKER] [EXPERT],
  debug dev close [WORKER] [EXPERT], debug dev delay [WORKER] [EXPERT], debug dev exit [WORKER] [EXPERT],
  debug dev fd [WORKER] [EXPERT], debug dev hex [WORKER] [EXPERT], debug dev log [WORKER] [EXPERT],
  debug dev loop [WORKER] [EXPERT], debug dev panic [WORKER] [EXPERT], debug dev sched [WORKER] [EXPERT],
  debug dev stream [WORKER] [EXPERT], debug dev sym [WORKER] [EXPERT], debug dev tkill [WORKER] [EXPERT],
  debug dev warn [WORKER] [EXPERT], debug dev write [WORKER] [EXPERT], del acl [WORKER], del map [WORKER],
  del server [WORKER], del ssl ca-file [WORKER], del ssl cert [WORKER], del ssl crl-file [WORKER],
  del ssl crt-list [WORKER], disable agent [WORKER], disable dynamic-cookie backend [WORKER],
  disable frontend [WORKER], disable health [WORKER], disable server [WORKER], enable agent [WORKER],
  enable dynamic-cookie backend [WORKER], enable frontend [WORKER], enable health [WORKER], enable server [WORKER],
  experimental-mode [MASTER] [WORKER], expert-mode [MASTER] [WORKER], get acl [WORKER], get map [WORKER],
  get var [WORKER], get weight [WORKER], help [MASTER] [WORKER], httpclient [WORKER] [EXPERT],
  mcli-debug-mode [MASTER], new ssl ca-file [WORKER], new ssl cert [WORKER], new ssl crl-file [WORKER],
  operator [MASTER] [WORKER], prepare acl [WORKER], prepare map [WORKER], prompt [MASTER] [WORKER],
  quit [MASTER] [WORKER], reload [MASTER], set dynamic-cookie-key backend [WORKER], set map [WORKER],
  set maxconn frontend [WORKER], set maxconn global [WORKER], set maxconn server [WORKER], set profiling [WORKER],
  set rate-limit [WORKER], set server [WORKER], set severity-output [WORKER], set ssl ca-file [WORKER],
  set ssl cert [WORKER], set ssl crl-file [WORKER], set ssl ocsp-response [WORKER], set ssl tls-key [WORKER],
  set table [WORKER], set timeout [WORKER], set var [WORKER] [EXPERIM], set weight [WORKER], show acl [WORKER],
  show activity [WORKER], show backend [WORKER], show cache [WORKER], show cli level [MASTER] [WORKER],
  show cli sockets [MASTER] [WORKER], show env [WORKER], show errors [WORKER], show events [WORKER],
  show fd [WORKER], show info [WORKER], show libs [WORKER], show map [WORKER], show peers [WORKER],
  show pools [WORKER], show proc [MASTER], show profiling [WORKER], show resolvers [WORKER],
  show schema json [WORKER], show servers conn [WORKER], show servers state [WORKER], show sess [WORKER],
  show ssl ca-file [WORKER], show ssl cert [WORKER], show ssl crl-file [WORKER], show ssl crt-list [WORKER],
  show ssl ocsp-response [WORKER], show ssl providers [WORKER], show startup-logs [WORKER], show stat [WORKER],
  show table [WORKER], show tasks [WORKER], show threads [WORKER], show tls-keys [WORKER], show trace [WORKER],
  show version [MASTER] [WORKER], shutdown frontend [WORKER], shutdown session [WORKER],
  shutdown sessions server [WORKER], trace [WORKER], user [MASTER] [WORKER]`;

/** Management manual, chapter 3, and the usage text of the program. */
export const COMMAND_LINE_NAMES = `
  --, -C, -D, -L, -N, -S, -V, -W, -Ws, -c, -cc, -d, -dD, -dG, -dK, -dL, -dM, -dR, -dS, -dV, -dW, -db, -de, -dk,
  -dp, -dr, -f, -h, -m, -n, -p, -q, -sf, -st, -v, -vv, -x`;
