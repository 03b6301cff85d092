// Opens the sockets of `bind` lines: one for each address, port and thread (manual, section 5.1). Binding comes first, and
// everywhere; listening comes when the generation is published, so that a refused configuration never accepted anybody.
// Unix, abstract and inherited sockets are the main thread's: here they arrive as listening descriptors.
import type * as net from 'node:net';
import type { Bind } from '@evenkeel/config';
import { SysError, UnsupportedError, closeFd, openListener, type ListenerOptions } from '@evenkeel/sys';
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
  if (descriptor !== undefined) return new BoundDescriptor(descriptor, plan.backlog);
  const { address } = plan;
  if (address.kind !== 'inet') throw new BindError('cannot bind socket (no descriptor was passed)');
  const options = listenerOptions(address, bind, plan.backlog);
  try {
    return new BoundDescriptor(openListener(options), plan.backlog);
  } catch (error) {
    throw new BindError(`cannot bind socket (${reasonOf(error)})`);
  }
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

class BoundDescriptor implements BoundSocket {
  readonly #descriptor: number;
  readonly #backlog: number;

  constructor(descriptor: number, backlog: number) {
    this.#descriptor = descriptor;
    this.#backlog = backlog;
  }

  async listen(server: net.Server): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void =>
        reject(new BindError(`cannot listen to socket (${reasonOf(error)})`));
      server.once('error', onError);
      server.listen({ fd: this.#descriptor, backlog: this.#backlog }, () => {
        server.removeListener('error', onError);
        resolve();
      });
    });
  }

  close(): void {
    closeFd(this.#descriptor);
  }
}

/** strerror(3) of what binding can fail with. */
const ERRNO_TEXT: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  EINVAL: 'Invalid argument',
  EMFILE: 'Too many open files',
  ENFILE: 'Too many open files in system',
  ENODEV: 'No such device',
  ENOBUFS: 'No buffer space available',
  ENOMEM: 'Cannot allocate memory',
};

function reasonOf(error: unknown): string {
  if (error instanceof UnsupportedError) return error.message;
  const code = error instanceof SysError ? error.code : (error as NodeJS.ErrnoException).code;
  return (code === undefined ? undefined : ERRNO_TEXT[code]) ?? code ?? String(error);
}
