// What `show errors` is to show of a message whose head or chunks were wrong: who sent it to whom, and the bytes. Called once a
// message is refused, never on the way of a valid one.
import type { HeadError } from '@evenkeel/http';
import type { Backend } from '../backend/backend.ts';
import type { Connection } from '../connection.ts';
import { endText } from '../errors/invalid-messages.ts';
import type { Frontend } from '../frontend.ts';
import type { HttpTransaction } from './transaction.ts';

/**
 * The message, or what of it was received last, is what `buffer` holds from `from` on. `fault`: what the parser of heads found
 * there, the offset from `from` of a byte where chunks went wrong, or undefined for a message that is too long. `backend`: where
 * the request is going already.
 */
export function keepInvalidRequest(
  frontend: Frontend,
  connection: Connection,
  backend: Backend | undefined,
  buffer: Buffer,
  from: number,
  fault: HeadError | number | undefined,
): void {
  const { thread } = frontend;
  thread.invalidMessages.keep(buffer, from, frontend.bufferBytes, fault, {
    direction: 'request',
    dateMs: thread.dateNow(),
    frontend: { name: frontend.name, id: frontend.id },
    backend: backend === undefined ? undefined : { name: backend.name, id: backend.config.id },
    server: undefined,
    source: endText(connection.remote),
  });
}

/** As for a request. */
export function keepInvalidResponse(
  tx: HttpTransaction,
  buffer: Buffer,
  from: number,
  fault: HeadError | number,
): void {
  const { frontend, backend, assignedServer: server } = tx;
  const { thread } = frontend;
  thread.invalidMessages.keep(buffer, from, frontend.bufferBytes, fault, {
    direction: 'response',
    dateMs: thread.dateNow(),
    frontend: { name: frontend.name, id: frontend.id },
    backend: backend === undefined ? undefined : { name: backend.name, id: backend.config.id },
    server: server === undefined ? undefined : { name: server.name, id: server.id },
    source: endText(tx.session.connection.remote),
  });
}
