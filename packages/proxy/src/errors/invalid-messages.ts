// The last invalid request of each frontend and the last invalid response of each backend, as a thread has seen them: what
// `show errors` prints (management manual, section 9.3). Each is a copy of the bytes and a few facts, so that it outlives
// its connection and its generation; there is one for each proxy and direction, each no longer than a buffer.
import type { HeadError } from '@evenkeel/http';
import { Sequence, type Segment } from '@evenkeel/shm';
import type { PeerAddress } from '../connection.ts';
import { latin1 } from '../http/latin1.ts';
import { PROCESS_SLOT } from '../plan.ts';

/** A proxy or server as the report names it. */
export interface NamedObject {
  readonly name: string;
  readonly id: number;
}

/** Plain data: it travels to main. */
export interface InvalidMessage {
  readonly direction: 'request' | 'response';
  /** Counts those of all threads, from 0. */
  readonly event: number;
  /** ms since the epoch. */
  readonly dateMs: number;
  readonly frontend: NamedObject;
  readonly backend: NamedObject | undefined;
  readonly server: NamedObject | undefined;
  /** `127.0.0.1:51234`, or `unix:1`. */
  readonly source: string;
  /** latin1: what was received from the first byte of the message on. */
  readonly bytes: string;
  /** Index into `bytes` where it stopped to be valid. */
  readonly position: number;
}

export class InvalidMessages {
  readonly #sequence: Sequence;
  /** By direction and by the name of the proxy that it came to: the frontend for requests, the backend for responses. */
  readonly #last = new Map<string, InvalidMessage>();

  constructor(segment: Segment) {
    this.#sequence = Sequence.ofInvalidMessages(segment, PROCESS_SLOT);
  }

  /**
   * The message is what `bytes` holds from `from` on, of which at most `limit` bytes are copied. `fault`: what the parser of heads
   * found there, the offset in the message of a byte that broke its chunks, or undefined for a message that is too long.
   */
  keep(
    bytes: Buffer,
    from: number,
    limit: number,
    fault: HeadError | number | undefined,
    facts: Omit<InvalidMessage, 'event' | 'bytes' | 'position'>,
  ): void {
    const text = latin1(bytes, from, Math.min(bytes.length, from + limit));
    const { direction, frontend, backend } = facts;
    const owner = direction === 'request' ? frontend : (backend ?? frontend);
    this.#last.set(`${direction} ${owner.name}`, {
      ...facts,
      event: this.#sequence.take(),
      bytes: text,
      position: fault === undefined ? text.length : typeof fault === 'number' ? fault : faultyByte(text, fault),
    });
  }

  all(): readonly InvalidMessage[] {
    return [...this.#last.values()];
  }
}

/** The parser names the word that is wrong; the operator wants to see the byte. */
function faultyByte(text: string, { code, offset }: HeadError): number {
  const good = code === 'bad-header-name' ? TOKEN : code === 'bad-target' ? VISIBLE : undefined;
  if (good === undefined) return offset;
  good.lastIndex = offset;
  good.test(text);
  return good.lastIndex;
}

/** RFC 9110, section 5.6.2. */
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]*/y;
const VISIBLE = /[!-~]*/y;

/** An end of a connection as the report names it. */
export function endText({ address, family, port }: PeerAddress): string {
  return family === 0 ? 'unix:1' : family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}
