// The MySQL check (manual: `option mysql-check`; MySQL internals manual, "Connection Phase"): with a user it logs in without
// a password and ends the session with COM_QUIT, so the server counts neither an aborted connect nor an aborted client. The
// server speaks first. Without a user only its greeting is judged, but leaving then is an error of the handshake, and a server
// blocks hosts that make `max_connect_errors` of them: so a login as nobody follows, which is denied and counts as no such error.
//
// An account whose plugin is not the one that the login named makes the server ask for another: that is answered too. A server
// that says nothing to it counts as good, as it does for HAProxy, which asks no further.

import type { Conversation, ConversationEffect, ConversationInput, Protocol } from '../conversation.ts';
import { found, type Finding } from './script.ts';

export interface MysqlCheck {
  readonly user: string | undefined;
  /** Which form of the login is sent. */
  readonly version: 'post-41' | 'pre-41';
}

/** Length in three bytes, little-endian, and the sequence number. */
const HEAD_BYTES = 4;
const ERROR_MARK = 0xff;
const SWITCH_MARK = 0xfe;
/** Mark and error number, before the words. */
const ERROR_HEAD_BYTES = 3;
/** HAProxy's default buffer: no greeting is longer. */
const MAX_PACKET_BYTES = 16_384;
const CAPABILITY = { longPassword: 0x1, protocol41: 0x200, secureConnection: 0x8000, pluginAuth: 0x8_0000 } as const;
/** The largest packet that the client would take. */
const MAX_PACKET_OFFER = 0x0100_0000;
const UTF8 = 33;
const RESERVED_BYTES = 23;
const NATIVE_PASSWORD = 'mysql_native_password';
const QUIT = packet(0, Buffer.from([1]));
export function mysqlProtocol({ user, version }: MysqlCheck): Protocol {
  const login = packet(1, version === 'pre-41' ? oldLogin(user ?? '') : newLogin(user ?? ''));
  return { closesByReset: false, begin: () => new MysqlConversation(login, user !== undefined) };
}

/** HandshakeResponse41 with an empty password. */
function newLogin(user: string): Buffer {
  const head = Buffer.alloc(4 + 4 + 1 + RESERVED_BYTES);
  const { longPassword, protocol41, secureConnection, pluginAuth } = CAPABILITY;
  head.writeUInt32LE(longPassword | protocol41 | secureConnection | pluginAuth, 0);
  head.writeUInt32LE(MAX_PACKET_OFFER, 4);
  head[8] = UTF8;
  return Buffer.concat([head, Buffer.from(`${user}\0`), Buffer.from([0]), Buffer.from(`${NATIVE_PASSWORD}\0`)]);
}

/** HandshakeResponse320 with an empty password. */
function oldLogin(user: string): Buffer {
  const head = Buffer.alloc(2 + 3);
  head.writeUInt16LE(CAPABILITY.longPassword, 0);
  head.writeUIntLE(0xff_ffff, 2, 3);
  return Buffer.concat([head, Buffer.from(`${user}\0\0`)]);
}

function packet(sequence: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntLE(payload.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, payload]);
}

class MysqlConversation implements Conversation {
  readonly timeoutStatus = 'L7TOUT';
  readonly #login: Buffer;
  /** The verdict on the login is the server's; without a user the greeting was enough. */
  readonly #isLoginJudged: boolean;
  #awaited: 'greeting' | 'login' | 'switched login' = 'greeting';
  #received = Buffer.alloc(0);
  #isSilent = true;

  constructor(login: Buffer, isLoginJudged: boolean) {
    this.#login = login;
    this.#isLoginJudged = isLoginJudged;
  }

  get settled(): Finding | undefined {
    if (this.#awaited === 'switched login') return GOOD;
    return this.#awaited === 'login' && !this.#isLoginJudged ? GOOD : undefined;
  }

  handle(input: ConversationInput): readonly ConversationEffect[] {
    switch (input.type) {
      case 'connected':
      case 'exited':
        return [];
      case 'end':
        return [this.settled ?? found('L7RSP', this.#isSilent ? this.#emptyWords : '')];
      case 'data':
        this.#isSilent = false;
        this.#received = Buffer.concat([this.#received, input.bytes]);
        return this.#takePackets();
    }
  }

  /** HAProxy counts its steps: connect, perhaps a send, expect. */
  get #emptyWords(): string {
    return `TCPCHK got an empty response at step ${this.#isLoginJudged ? 3 : 2}`;
  }

  #takePackets(): readonly ConversationEffect[] {
    const effects: ConversationEffect[] = [];
    while (this.#received.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + this.#received.readUIntLE(0, 3);
      if (this.#received.length < end) {
        return this.#received.length < MAX_PACKET_BYTES ? effects : [...effects, found('L7RSP')];
      }
      const sequence = this.#received[3];
      const payload = this.#received.subarray(HEAD_BYTES, end);
      this.#received = this.#received.subarray(end);
      const taken = this.#take(payload, sequence);
      effects.push(...taken);
      if (taken.some(({ type }) => type === 'found')) break;
    }
    return effects;
  }

  #take(payload: Buffer, sequence: number): readonly ConversationEffect[] {
    if (payload[0] === ERROR_MARK) {
      const isJudged = this.#isLoginJudged || this.#awaited === 'greeting';
      return [isJudged ? refusal(payload) : GOOD];
    }
    if (this.#awaited === 'greeting') {
      this.#awaited = 'login';
      return [{ type: 'send', bytes: this.#login }];
    }
    if (payload[0] === SWITCH_MARK && this.#awaited === 'login') {
      this.#awaited = 'switched login';
      return [{ type: 'send', bytes: packet((sequence + 1) & 0xff, emptyPassword(payload)) }];
    }
    return [{ type: 'send', bytes: QUIT }, GOOD];
  }
}

const GOOD = found('L7OK');

function refusal(payload: Buffer): Finding {
  const code = payload.length < ERROR_HEAD_BYTES ? 0 : payload.readUInt16LE(1);
  return found('L7STS', payload.toString('latin1', ERROR_HEAD_BYTES), code);
}

/** How the plugin that an AuthSwitchRequest names is told that there is no password: the SHA-2 ones read a string. */
function emptyPassword(payload: Buffer): Buffer {
  const plugin = payload.toString('latin1', 1).split('\0', 1)[0];
  return plugin.includes('sha2') || plugin.includes('sha256') ? Buffer.from([0]) : Buffer.alloc(0);
}
