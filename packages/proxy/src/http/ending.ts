// How a transaction lets go of its server connection, and how it ends: counted, logged, and the client's connection handed
// back to the session. Every path of every phase comes here.
import type { Connection, ConnectionOwner } from '../connection.ts';
import type { TerminationEvent } from '../stream/termination.ts';
import { countEnd } from './counters.ts';
import { PHASE_OF_STAGE, Stage, Upload } from './stage.ts';
import type { HttpTransaction } from './transaction.ts';

/** Owns a connection that was given up and whose end interests nobody. */
const NOBODY: ConnectionOwner = {
  onData() {},
  onEnd() {},
  onDrain() {},
  onClose() {},
};

/** Nothing that happens to the connection concerns the transaction any more. */
export function disown(connection: Connection): void {
  connection.owner = NOBODY;
}

/** The exchange with the server is over in order: its connection goes to the pool, or is closed where it may not be used again. */
export function releaseServer(tx: HttpTransaction): void {
  const { server } = tx;
  if (server === undefined) return;
  if (!tx.keepsServer) return dropServer(tx);
  tx.thread.wheel.disarm(tx.serverTimer);
  tx.server = undefined;
  tx.dispatch.giveBack();
}

/**
 * Closes the server connection. Where the server has not closed first it is reset, as HAProxy does: a server that goes on with
 * an exchange that was broken off notices at once, and no source port is kept for a minute in TIME_WAIT.
 */
export function dropServer(tx: HttpTransaction): void {
  const { server } = tx;
  if (server === undefined) return;
  tx.thread.wheel.disarm(tx.serverTimer);
  tx.server = undefined;
  disown(server);
  tx.dispatch.discard();
  if (server.isReadEnded) server.destroy();
  else server.reset();
}

/** Files the event that ends the transaction, in the phase that it is in. */
export function terminate(tx: HttpTransaction, event: TerminationEvent): boolean {
  let phase = PHASE_OF_STAGE[tx.stage];
  if (tx.stage === Stage.dispatch && tx.dispatch.waitsFor === 'queue') phase = 'queue';
  return tx.termination.set(event, phase);
}

/** The last act. The client's connection is used again only where `keepsClient` says so. */
export function finish(tx: HttpTransaction): void {
  if (tx.stage === Stage.idle) return;
  const { session } = tx;
  // The client may still be sending a body that nobody reads any more.
  const mustLinger = tx.upload !== Upload.complete;
  if (tx.server !== undefined) dropServer(tx);
  tx.thread.wheel.disarm(tx.serverTimer);
  tx.dispatch.finish();
  tx.endMs = tx.thread.now;
  tx.service?.abandon();
  if (!tx.isMonitor) {
    countEnd(tx);
    if (!tx.isLogged) logAtEnd(tx);
  }
  const keep = tx.keepsClient && !mustLinger;
  tx.release();
  session.afterTransaction(keep, mustLinger);
}

function logAtEnd(tx: HttpTransaction): void {
  const log = tx.frontend.streamLog;
  if (log === undefined) return;
  if (tx.isRefused) log.writeRefusal(tx.context, tx.requestStartMs < 0);
  else log.writeAtEnd(tx.context);
}

/** The response head was sent: writes the log line where it does not wait for the end. */
export function logEarly(tx: HttpTransaction): void {
  const log = tx.frontend.streamLog;
  if (log === undefined || !log.isEarly) return;
  tx.isLogged = true;
  log.write(tx.context);
}

/** Ends without another word to the client: what was sent still arrives, then its connection closes. */
export function abandon(tx: HttpTransaction): void {
  tx.keepsClient = false;
  finish(tx);
}
