// What the rules of one check may read: the server that is checked, what it sent, the variables of this check. A log format
// sees the rest of a stream as it is before anything happened, as in HAProxy.

import {
  emptyScopes,
  type IpAddress,
  type LogContext,
  type LogTimers,
  type ProxyView,
  type ServerView,
  type SessionView,
  type VariableScopes,
  type Variables,
} from '@evenkeel/expr';
import type { ResponseHead } from '@evenkeel/http';
import type { CheckSubject } from '../conversation.ts';

/** The frontend of checks, by the name that HAProxy gives it. */
const FRONTEND: ProxyView = {
  name: 'CHECKS-FE',
  id: 0,
  defaultBackend: undefined,
  frontendConnections: 0,
  backendConnections: 0,
};

const NO_TIMERS: LogTimers = {
  handshakeMs: 0,
  idleMs: -1,
  requestMs: -1,
  queueMs: -1,
  connectMs: -1,
  dataMs: -1,
  closeMs: 0,
};

/** Nothing of a client: a check has none. */
function sessionAt(dateMs: number): SessionView {
  return {
    frontend: FRONTEND,
    listenerId: 0,
    listenerName: undefined,
    source: undefined,
    sourcePort: 0,
    destination: undefined,
    destinationPort: 0,
    acceptDateMs: dateMs,
    secure: false,
    tlsVersion: undefined,
    tlsCipher: undefined,
  };
}

export class CheckContext implements LogContext {
  readonly session: SessionView;
  readonly backend: ProxyView;
  readonly server: ServerView;
  readonly variables: VariableScopes;
  response: ResponseHead | undefined = undefined;
  responseBuffer = '';
  responseBody = '';

  readonly backendChosen = true;
  readonly request = undefined;
  readonly inspectionFinal = true;
  readonly uniqueId = undefined;
  readonly timers = NO_TIMERS;
  readonly requestDateMs: number;
  readonly loggedRequestLine = undefined;
  readonly status = 0;
  readonly bytesRead = 0;
  readonly bytesUploaded = 0;
  readonly logCounter = 0;
  readonly requestCounter = 0;
  readonly activeConnections = 0;
  readonly terminationState = '--';
  readonly cookieState = '--';
  readonly retries = 0;
  readonly redispatched = false;
  readonly backendQueue = 0;
  readonly serverQueue = 0;
  readonly serverNameFallback = '<NOSRV>';
  readonly backendSource: IpAddress | undefined = undefined;
  readonly backendSourcePort = 0;
  readonly requestCookie = undefined;
  readonly responseCookie = undefined;
  readonly capturedRequestHeaders = [];
  readonly capturedResponseHeaders = [];

  /** Value of `X-Haproxy-Server-State`. */
  readonly stateText: () => string;

  /** `dateMs`: wall clock of the start. `processVariables` are those of scope `proc`, which all checks share. */
  constructor(subject: CheckSubject, dateMs: number, processVariables: Variables) {
    this.session = sessionAt(dateMs);
    this.backend = subject.backend;
    this.server = subject.server;
    this.stateText = () => subject.stateText();
    this.requestDateMs = dateMs;
    this.variables = { ...emptyScopes('check', 'sess', 'txn', 'req', 'res'), proc: processVariables };
  }
}
