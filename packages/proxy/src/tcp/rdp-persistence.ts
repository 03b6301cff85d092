// `persist rdp-cookie` (manual 4.2): a terminal server names itself in the cookie that its client shows when it comes again, as
// `msts=ADDRESS.PORT.REST`. Both are decimal numbers of bytes in network order read as little-endian ones (MS-RDPBCGR
// 3.2.5.3.1, "routing token").

import { readRdpCookie } from '@evenkeel/expr';
import type { Backend } from '../backend/backend.ts';
import type { Server } from '../backend/server.ts';

/** The server that the cookie called `name` at the start of `text` (latin1) names; undefined where there is none. */
export function serverOfRdpCookie(backend: Backend, text: string, name: string): Server | undefined {
  const match = /^ *(\d+)\.(\d+)\./.exec(readRdpCookie(text, name).value ?? '');
  if (match === null) return undefined;
  const address = Number(BigInt.asUintN(32, BigInt(match[1])));
  const swapped = Number(BigInt.asUintN(16, BigInt(match[2])));
  const host = `${address & 0xff}.${(address >>> 8) & 0xff}.${(address >>> 16) & 0xff}.${address >>> 24}`;
  const port = ((swapped & 0xff) << 8) | (swapped >>> 8);
  return backend.servers.find((server) => server.host === host && server.port === port);
}
