// What `tcp-request connection` and `tcp-request session` rules see: the client connection, nothing of a stream.
import type { ProxyView, SampleContext } from '@evenkeel/expr';
import type { ClientSession } from '../stream/client-session.ts';

export class SessionContext implements SampleContext {
  readonly session: ClientSession;
  readonly backendChosen = false;
  readonly server = undefined;
  readonly request = undefined;
  readonly response = undefined;
  readonly inspectionFinal = true;
  readonly uniqueId = undefined;

  constructor(session: ClientSession) {
    this.session = session;
  }

  get backend(): ProxyView {
    return this.session.frontend;
  }
}
