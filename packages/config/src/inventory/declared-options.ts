/** Options of `bind` and `server` lines (manual sections 5.1 and 5.2) that nothing here reads. */

import type { BindContext, ServerContext } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import { declare, type Group } from './declare.ts';

function bind(state: Group['state'], reason: string | undefined, words = 0): Group {
  return { state, places: ['bind-option'], manual: '5.1', words, ...(reason === undefined ? {} : { reason }) };
}

function server(state: Group['state'], reason: string | undefined, words = 0): Group {
  return { state, places: ['server-option'], manual: '5.2', words, ...(reason === undefined ? {} : { reason }) };
}

const TLS = 'it needs TLS';
const QUIC = 'QUIC is not offered; listen with TLS on TCP instead';

export const declaredBindOptions: readonly Keyword<BindContext>[] = [
  ...declare(bind('refused', QUIC, 1), 'quic-cc-algo'),
  ...declare(bind('refused', QUIC), 'quic-force-retry'),
  ...declare(
    bind('refused', 'the NetScaler protocol is not spoken; let the sender use the PROXY protocol instead', 1),
    'accept-netscaler-cip',
  ),
  ...declare(bind('refused', 'next protocol negotiation is gone from TLS libraries; use alpn instead', 1), 'npn'),
  ...declare(
    bind('refused', 'the TLS library of the runtime has no SSLv3; name a version with ssl-min-ver'),
    'force-sslv3',
  ),
  ...declare(bind('accepted', 'all threads serve every listener', 1), 'process'),
  ...declare(bind('accepted', 'the TLS library of the runtime has no SSLv3'), 'no-sslv3'),
  ...declare(bind('later', 'it needs network namespaces', 1), 'namespace'),
  ...declare(bind('later', 'it needs HTTP/2', 1), 'proto'),
  ...declare(
    bind('later', TLS),
    `allow-0rtt, force-tlsv10, force-tlsv11, force-tlsv12, force-tlsv13, generate-certificates, no-ca-names, no-tls-tickets,
     no-tlsv10, no-tlsv11, no-tlsv12, no-tlsv13, prefer-client-ciphers, ssl, strict-sni`,
  ),
  ...declare(
    bind('later', TLS, 1),
    `alpn, ca-file, ca-ignore-err, ca-sign-file, ca-sign-pass, ca-verify-file, ciphers, ciphersuites, crl-file, crt,
     crt-ignore-err, crt-list, curves, ecdhe, ssl-max-ver, ssl-min-ver, tls-ticket-keys, verify`,
  ),
];

export const declaredServerOptions: readonly Keyword<ServerContext>[] = [
  ...declare(server('refused', 'next protocol negotiation is gone from TLS libraries; use alpn instead', 1), 'npn'),
  ...declare(
    server('refused', 'the TLS library of the runtime has no SSLv3; name a version with ssl-min-ver'),
    'force-sslv3',
  ),
  ...declare(server('accepted', 'the TLS library of the runtime has no SSLv3'), 'no-sslv3'),
  ...declare(server('later', 'it needs HTTP/2', 1), 'check-proto, proto'),
  ...declare(server('later', 'it needs the PROXY protocol', 1), 'proxy-v2-options'),
  ...declare(
    server('later', 'it needs the PROXY protocol'),
    'send-proxy-v2-ssl, send-proxy-v2-ssl-cn, no-send-proxy-v2-ssl, no-send-proxy-v2-ssl-cn',
  ),
  ...declare(server('later', 'it needs stick tables'), 'non-stick, stick'),
  ...declare(
    server('later', TLS),
    `allow-0rtt, check-ssl, force-tlsv10, force-tlsv11, force-tlsv12, force-tlsv13, no-check-ssl, no-ssl, no-ssl-reuse,
     no-tls-tickets, no-tlsv10, no-tlsv11, no-tlsv12, no-tlsv13, no-verifyhost, ssl, ssl-reuse, tls-tickets`,
  ),
  ...declare(
    server('later', TLS, 1),
    `alpn, ca-file, check-alpn, check-sni, ciphers, ciphersuites, crl-file, crt, sni, ssl-max-ver, ssl-min-ver, verify,
     verifyhost`,
  ),
];
