// Opens the sockets of `bind` lines: one for each address, port and thread (manual, section 5.1). Binding comes first, and
// everywhere; listening comes when the generation is published, so that a refused configuration never accepted anybody.
// Unix, abstract and inherited sockets are the main thread's: here they arrive as listening descriptors.
import * as net from 'node:net';
import type { Bind } from '@evenkeel/config';
import { closeFd, openListener, reasonOf, type ListenerOptions } from '@evenkeel/sys';
import type { ListenAddress, ListenerPlan } from '../plan.ts';

/** How long the kernel may hold a connection back for its first bytes under `defer-accept`; HAProxy's one second. */
const DEFER_ACCEPT_SECONDS = 1;

/** A socket that is bound and does not listen yet. */
export interface BoundSocket {
  /** Starts listening; rejects with what HAProxy would say (`cannot listen to socket`). */
  listen(server: net.Server): Promise<void>;
  /** Lets go of a socket that never listened. */
  close(): void;
}

/** What went wrong, in HAProxy's words: `cannot bind socket (Address already in use)`. */
export class BindError extends Error {
  override readonly name = 'BindError';
}

/** `descriptor` is that of a socket which the main thread opened. Throws BindError. */
export function bindSocket(plan: ListenerPlan, bind: Bind, descriptor: number | undefined): BoundSocket {
  const { address, backlog } = plan;
  if (descriptor !== undefined) return boundDescriptor(descriptor, backlog);
  if (address.kind !== 'inet') throw new BindError('cannot bind socket (no descriptor was passed)');
  const holder = openHeld(listenerOptions(address, bind, backlog));
  return {
    listen: async (server) => await listening(server, (done) => server.listen(holder, backlog, done)),
    close: () => holder.destroy(),
  };
}

/** A descriptor that was bound elsewhere, or listens already. */
export function boundDescriptor(descriptor: number, backlog: number): BoundSocket {
  return {
    listen: async (server) => await listening(server, (done) => server.listen({ fd: descriptor }, backlog, done)),
    close: () => closeFd(descriptor),
  };
}

/** The descriptor is held by an object of Node's from its birth: it goes with the thread, should that end before it listens. */
function openHeld(options: ListenerOptions): net.Socket {
  try {
    return new net.Socket({ fd: openListener(options), readable: false, writable: false });
  } catch (error) {
    throw new BindError(`cannot bind socket (${reasonOf(error)})`);
  }
}

/** Rejects with BindError where `listen` fails. */
async function listening(server: net.Server, listen: (done: () => void) => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void => reject(new BindError(`cannot listen to socket (${reasonOf(error)})`));
    server.once('error', onError);
    listen(() => {
      server.removeListener('error', onError);
      resolve();
    });
  });
}

function listenerOptions(
  address: Extract<ListenAddress, { kind: 'inet' }>,
  bind: Bind,
  backlog: number,
): ListenerOptions {
  return {
    family: address.family === 4 ? 'ipv4' : 'ipv6',
    address: address.address,
    port: address.port,
    reusePort: true,
    ...(address.family === 6 && address.v6only !== undefined ? { v6only: address.v6only } : undefined),
    ...(bind.transparent ? { transparent: true } : undefined),
    ...(bind.interface === undefined ? undefined : { interface: bind.interface }),
    ...(bind.mss === undefined ? undefined : { mss: bind.mss }),
    ...(bind.deferAccept ? { deferAcceptSeconds: DEFER_ACCEPT_SECONDS } : undefined),
    ...(bind.tfo ? { fastOpenBacklog: backlog } : undefined),
    ...(bind.tcpUserTimeoutMs === undefined ? undefined : { userTimeoutMs: bind.tcpUserTimeoutMs }),
  };
}
