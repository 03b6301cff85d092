/** Figures of backends and servers that a text names (manual section 7.3.1: `nbsrv`, `srv_queue`). */

import { queuedOnServer, usableServersOf } from '../fetches/proxies.ts';
import type { ConverterCompiler } from './converter.ts';

export const PROXY_CONVERTERS: Readonly<Record<string, ConverterCompiler>> = {
  nbsrv: (_, environment) => (name) => usableServersOf(name as string, environment),
  srv_queue: (_, environment) => (path, context) => queuedOnServer(path as string, environment, context),
};
