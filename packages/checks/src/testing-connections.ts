// Connections for the tests of this package, on node:net: those of the data plane lie above it.

import net from 'node:net';
import type { CheckConnection, CheckConnectionOwner, ConnectionTarget } from './check-connection.ts';

/** Opens a connection on node:net. */
export function openNetConnection(target: ConnectionTarget, owner: CheckConnectionOwner): CheckConnection {
  const { host = '', port = 0, path, localAddress } = target;
  const socket = new net.Socket({ allowHalfOpen: true });
  let error: NodeJS.ErrnoException | undefined;
  socket
    .on('connect', () => owner.onConnect())
    .on('data', (bytes: Buffer) => owner.onData(bytes))
    .on('end', () => owner.onEnd())
    .on('drain', () => owner.onDrain())
    .on('error', (cause: NodeJS.ErrnoException) => {
      error = cause;
    })
    .on('close', () => owner.onClose(error === undefined ? undefined : { code: error.code ?? 'EUNKNOWN' }));
  if (path !== undefined) socket.connect({ path });
  else {
    socket.setNoDelay(true);
    socket.connect({ host, port, autoSelectFamily: false, ...(localAddress === undefined ? {} : { localAddress }) });
  }
  return {
    get local() {
      return { address: socket.localAddress ?? '', port: socket.localPort ?? 0 };
    },
    get remote() {
      return { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    },
    write: (bytes) => socket.write(bytes),
    resume: () => {},
    destroy: () => void socket.destroy(),
    reset: () => void (socket.connecting || path !== undefined ? socket.destroy() : socket.resetAndDestroy()),
  };
}
