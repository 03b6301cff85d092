// The check of a TLS server that needs no TLS here (manual: `option ssl-hello-chk`): a client hello, and any handshake or
// alert record, since also a refusal shows that TLS is spoken. The hello is one that servers from SSLv3 to TLS 1.2 read
// (RFC 5246, appendix E: a record of version 3.0 that offers the newest).

import type { Protocol } from '../conversation.ts';
import { found, scripted } from './script.ts';

const RECORD_HEAD_BYTES = 5;
const RECORD = { alert: 0x15, handshake: 0x16 } as const;
/** TLS 1.2 is the newest that can be offered without the extensions of TLS 1.3. */
const OFFERED_VERSION = [3, 3] as const;
const RANDOM_BYTES = 32;
/** From today's ECDHE and AES-GCM to what SSLv3 had: RSA with AES, 3DES, RC4; the last says that renegotiation is safe. */
const CIPHER_SUITES = [
  0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0xc00a, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
  0x000a, 0x0005, 0x0004, 0x00ff,
] as const;
/** Groups x25519, P-256, P-384; points uncompressed; signatures ECDSA, RSA-PSS and RSA with SHA-256 to SHA-512, SHA-1. */
const EXTENSIONS = [
  [0x000a, [0, 6, 0, 0x1d, 0, 0x17, 0, 0x18]],
  [0x000b, [1, 0]],
  [0x000d, [0, 20, 4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1, 2, 3, 2, 1]],
] as const;

export const sslHelloProtocol: Protocol = scripted([
  { send: clientHello() },
  {
    expect: {
      step: 2,
      timeoutStatus: 'L6TOUT',
      emptyStatus: 'L6RSP',
      judge(received, isLast) {
        if (received.length < RECORD_HEAD_BYTES && !isLast) return 'more';
        return received[0] === RECORD.handshake || received[0] === RECORD.alert ? found('L6OK') : found('L6RSP');
      },
    },
  },
]);

/** The same bytes each time: no session comes of it, so the random need not be random. */
function clientHello(): Buffer {
  const body = Buffer.concat([
    Buffer.from(OFFERED_VERSION),
    Buffer.alloc(RANDOM_BYTES, 'evenkeel'),
    Buffer.from([0]), // no session to resume
    sized(2, Buffer.from(CIPHER_SUITES.flatMap((suite) => [suite >> 8, suite & 0xff]))),
    sized(1, Buffer.from([0])), // no compression
    sized(
      2,
      Buffer.concat(
        EXTENSIONS.map(([type, data]) =>
          Buffer.concat([Buffer.from([type >> 8, type & 0xff]), sized(2, Buffer.from(data))]),
        ),
      ),
    ),
  ]);
  const handshake = Buffer.concat([Buffer.from([1]), sized(3, body)]);
  return Buffer.concat([Buffer.from([RECORD.handshake, 3, 0]), sized(2, handshake)]);
}

/** The bytes with their count before them. */
function sized(countBytes: number, bytes: Buffer): Buffer {
  const count = Buffer.alloc(countBytes);
  count.writeUIntBE(bytes.length, 0, countBytes);
  return Buffer.concat([count, bytes]);
}
