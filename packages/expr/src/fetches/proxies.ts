/** Figures of proxies and servers (manual section 7.3.2, time-outs 7.3.3): the one at hand, or the one that the argument names. */

import type { BackendFigures, ExpressionEnvironment, ProxyView, SampleContext, ServerFigures } from '../context.ts';
import type { Value } from '../values.ts';
import type { FetchCompiler, Getter } from './fetch.ts';

type Side = 'frontend' | 'backend';

/** Finds the proxy; its view is looked up at the first use, since proxies may be named before they are read. */
function proxyFinder(
  name: string,
  side: Side,
  environment: ExpressionEnvironment,
): (context: SampleContext) => ProxyView | undefined {
  if (name === '') return side === 'frontend' ? (context) => context.session.frontend : (context) => context.backend;
  let found: ProxyView | undefined;
  return () => (found ??= environment.proxy(name, side));
}

function ofProxy(side: Side, read: (proxy: ProxyView) => Value | undefined): FetchCompiler {
  return ([name = ''], environment) => {
    const find = proxyFinder(String(name), side, environment);
    return {
      get: (context) => {
        const proxy = find(context);
        return proxy === undefined ? undefined : read(proxy);
      },
    };
  };
}

function ofBackend(read: (figures: BackendFigures) => Value | undefined): FetchCompiler {
  return ofProxy('backend', ({ backendFigures }) => (backendFigures === undefined ? undefined : read(backendFigures)));
}

/** Of `[BACKEND/]SERVER`. */
function ofServer(read: (server: ServerFigures) => Value): FetchCompiler {
  return ([path = ''], environment) => ({ get: serverGetter(String(path), environment, read) });
}

function serverGetter(
  path: string,
  environment: ExpressionEnvironment,
  read: (server: ServerFigures) => Value,
): Getter {
  const slash = path.indexOf('/');
  const find = proxyFinder(path.slice(0, Math.max(0, slash)), 'backend', environment);
  const name = path.slice(slash + 1);
  return (context) => {
    const server = find(context)?.backendFigures?.server(name);
    return server === undefined ? undefined : read(server);
  };
}

/** `nbsrv` as a converter: of the backend that the text names. */
export function usableServersOf(backend: string, environment: ExpressionEnvironment): number | undefined {
  return environment.proxy(backend, 'backend')?.backendFigures?.usableServers;
}

/** `srv_queue` as a converter: of the server that the text names as `[BACKEND/]SERVER`. */
export function queuedOnServer(
  path: string,
  environment: ExpressionEnvironment,
  context: SampleContext,
): number | undefined {
  return serverGetter(path, environment, (server) => server.queued)(context) as number | undefined;
}

export const PROXY_FETCHES: Readonly<Record<string, FetchCompiler>> = {
  fe_conn: ofProxy('frontend', (proxy) => proxy.frontendConnections),
  fe_sess_rate: ofProxy('frontend', (proxy) => proxy.frontendFigures?.sessionRate),
  fe_req_rate: ofProxy('frontend', (proxy) => proxy.frontendFigures?.requestRate),
  fe_client_timeout: ofProxy('frontend', (proxy) => proxy.frontendFigures?.clientTimeoutMs ?? 0),

  be_conn: ofProxy('backend', (proxy) => proxy.backendConnections),
  be_conn_free: ofBackend((figures) => figures.freeConnections),
  be_sess_rate: ofBackend((figures) => figures.sessionRate),
  be_server_timeout: ofBackend((figures) => figures.serverTimeoutMs ?? 0),
  be_tunnel_timeout: ofBackend((figures) => figures.tunnelTimeoutMs ?? 0),
  connslots: ofBackend((figures) => figures.connectionSlots),
  nbsrv: ofBackend((figures) => figures.usableServers),
  queue: ofBackend((figures) => figures.queued),
  /** Manual: "in the event there would not be any active server anymore, twice the number of queued connections". */
  avg_queue: ofBackend(({ queued, usableServers }) =>
    usableServers > 0 ? Math.ceil(queued / usableServers) : queued * 2,
  ),

  srv_conn: ofServer((server) => server.connections),
  srv_conn_free: ofServer((server) => server.freeConnections),
  srv_is_up: ofServer((server) => server.isUp),
  srv_iweight: ofServer((server) => server.initialWeight),
  srv_queue: ofServer((server) => server.queued),
  srv_sess_rate: ofServer((server) => server.sessionRate),
  srv_uweight: ofServer((server) => server.userWeight),
  srv_weight: ofServer((server) => server.weight),
};
