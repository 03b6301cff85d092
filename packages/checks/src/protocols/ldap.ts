// The LDAP check (manual: `option ldap-check`; RFC 4511): an anonymous simple bind of version 3, and a BindResponse with the
// result code success; then an unbind, so that the server logs no lost connection.

import type { Protocol } from '../conversation.ts';
import { found, scripted, type Judgement } from './script.ts';

/** LDAPMessage { messageID 1, BindRequest { version 3, name "", simple "" } } */
const BIND = Buffer.from('300c020101600702010304008000', 'hex');
/** LDAPMessage { messageID 2, UnbindRequest } */
const UNBIND = Buffer.from('30050201024200', 'hex');
/** The shortest BindResponse: result code, matchedDN "" and diagnosticMessage "". */
const RESPONSE_BYTES = 14;
const TAG = { integer: 0x02, enumerated: 0x0a, sequence: 0x30, bindResponse: 0x61 } as const;
const SUCCESS = 0;

export const ldapProtocol: Protocol = scripted([
  { send: BIND },
  {
    expect: {
      step: 2,
      timeoutStatus: 'L7TOUT',
      emptyStatus: 'L7RSP',
      judge(received, isLast) {
        if (received[0] !== TAG.sequence) return received.length >= RESPONSE_BYTES || isLast ? stranger() : 'more';
        return received.length < RESPONSE_BYTES ? 'more' : bindResponse(received);
      },
    },
  },
]);

function stranger(): Judgement {
  return found('L7RSP', 'Not LDAPv3 protocol');
}

/** Whole as far as the result code; what follows that code is not read. */
function bindResponse(received: Buffer): Judgement {
  let at = headBytes(received, 0);
  // messageID: the 1 of the request.
  if (received[at] !== TAG.integer || received[at + 1] !== 1 || received[at + 2] !== 1) return stranger();
  at += 3;
  if (received[at] !== TAG.bindResponse) return stranger();
  at += headBytes(received, at);
  if (at + 3 > received.length) return 'more';
  if (received[at] !== TAG.enumerated || received[at + 1] !== 1) return stranger();
  const code = received[at + 2];
  return code === SUCCESS
    ? { ...found('L7OK'), farewell: UNBIND }
    : found('L7STS', 'See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9', code);
}

/** Tag and length of a BER element; a length of 128 or more stands in bytes of its own. */
function headBytes(received: Buffer, at: number): number {
  const length = received[at + 1] ?? 0;
  return length < 0x80 ? 2 : 2 + (length & 0x7f);
}
