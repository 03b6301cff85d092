// `use-server` (manual 4.2): the first rule whose condition holds and whose server may be used names the server of a request;
// a server that is down is passed over, unless `option persist` has its users wait for it. Asked when all other rules of the
// backend have been, just before a server is chosen.

import type { Proxy } from '@evenkeel/config';
import type { Compiler, LogContext } from '@evenkeel/expr';
import type { Backend } from './backend.ts';
import type { Server } from './server.ts';

export type ChooseServer = (context: LogContext) => Server | undefined;

/** Undefined where a backend has no such rules. */
export function compileUseServer(
  { useServer, options }: Proxy,
  backend: Backend | undefined,
  compiler: Compiler,
): ChooseServer | undefined {
  if (backend === undefined || useServer.length === 0) return undefined;
  const rules = useServer.map(({ server, condition }) => ({
    matches: compiler.condition(condition),
    find:
      typeof server === 'string' ? fixed(backend.serverByName(server)) : dynamic(compiler.logFormat(server), backend),
  }));
  return (context) => {
    backend.followVersion();
    for (const { matches, find } of rules) {
      if (matches !== undefined && !matches(context)) continue;
      const server = find(context);
      // A name that was made from the request and is nobody's ends the rules.
      if (server === undefined) return undefined;
      if (server.isUp || options.persist) return server;
    }
    return undefined;
  };
}

function fixed(server: Server | undefined): ChooseServer {
  return () => server;
}

function dynamic(name: (context: LogContext) => string, backend: Backend): ChooseServer {
  return (context) => backend.serverByName(name(context));
}
