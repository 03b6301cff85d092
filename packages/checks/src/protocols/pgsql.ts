// The PostgreSQL check (manual: `option pgsql-check`; PostgreSQL manual 55.7 "Message Formats"): a StartupMessage, and a
// request for authentication or the news that none is needed. A session that this opens is ended in order, so the server
// counts no lost connection.

import type { Protocol } from '../conversation.ts';
import { found, scripted, type Expectation } from './script.ts';

/** Version 3.0 of the protocol. */
const PROTOCOL = 0x0003_0000;
/** Type, length and the code of an authentication request. */
const REQUEST_BYTES = 9;
/** Type and length of any message. */
const HEAD_BYTES = 5;
/** Where the severity of an ErrorResponse stands: after the head and its field type. */
const SEVERITY_AT = HEAD_BYTES + 1;
/** Codes of authentication requests that a client is sent first: Ok, Kerberos, passwords, GSSAPI, SSPI, SASL. */
const FIRST_REQUESTS: ReadonlySet<number> = new Set([0, 2, 3, 4, 5, 6, 7, 9, 10]);
const AUTHENTICATED = 0;
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

export function pgsqlProtocol(user: string): Protocol {
  const parameters = Buffer.from(`user\0${user}\0\0`, 'latin1');
  const head = Buffer.alloc(8);
  head.writeUInt32BE(head.length + parameters.length, 0);
  head.writeUInt32BE(PROTOCOL, 4);
  return scripted([{ send: Buffer.concat([head, parameters]) }, { expect: answer }]);
}

const answer: Expectation = {
  step: 3,
  timeoutStatus: 'L7TOUT',
  emptyStatus: 'L7RSP',
  judge(received, isLast) {
    if (received[0] === 0x45 /* E */) {
      if (received.length < HEAD_BYTES && !isLast) return 'more';
      const severity = received.toString('latin1', SEVERITY_AT).split('\0', 1)[0];
      return found('L7RSP', severity);
    }
    if (received.length < REQUEST_BYTES && !isLast) return 'more';
    const isRequest =
      received.length >= REQUEST_BYTES &&
      received[0] === 0x52 /* R */ &&
      received.readUIntBE(1, 3) === 0 &&
      FIRST_REQUESTS.has(received.readUInt32BE(5));
    if (!isRequest) return found('L7STS', 'PostgreSQL unknown error');
    const good = found('L7OK', 'PostgreSQL server is ok');
    return received.readUInt32BE(5) === AUTHENTICATED ? { ...good, farewell: TERMINATE } : good;
  },
};
