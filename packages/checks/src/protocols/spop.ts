// The check of a stream processing agent (manual: `option spop-check`; SPOE.txt 3.2): a HELLO that says that it is a check,
// and the agent's HELLO with a version and a frame size that could be used, or its DISCONNECT with the reason.

import type { Protocol } from '../conversation.ts';
import { found, scripted, type Judgement } from './script.ts';

const FRAME = { haproxyHello: 1, agentHello: 101, agentDisconnect: 102 } as const;
const VALUE = {
  null: 0,
  boolean: 1,
  int32: 2,
  uint32: 3,
  int64: 4,
  uint64: 5,
  ipv4: 6,
  ipv6: 7,
  string: 8,
  binary: 9,
} as const;
const FIN = 1;
/** Length of the frame, before it. */
const LENGTH_BYTES = 4;
/** Type and flags; stream and frame number follow as variable integers, both 0 here. */
const HEAD_BYTES = 5;
/** SPOE.txt 3.2: neither side may support less. */
const MIN_FRAME_BYTES = 256;
/** HAProxy's default buffer without the length. */
const MAX_FRAME_BYTES = 16_384 - LENGTH_BYTES;
const VERSION = /^\s*2\.\d+\s*$/;

/** SPOE.txt 3.5, and what HAProxy says of each. */
const STATUS_WORDS = [
  'normal',
  'I/O error',
  'a timeout occurred',
  'frame is too big',
  'invalid frame received',
  'version value not found',
  'max-frame-size value not found',
  'capabilities value not found',
  'unsupported version',
  'max-frame-size too big or too small',
  'fragmentation not supported',
  'invalid interlaced frames',
  'frame-id not found',
  'resource allocation error',
] as const;
const UNKNOWN_ERROR = 'an unknown error occurred';

export const spopProtocol: Protocol = scripted([
  { send: hello() },
  {
    expect: {
      step: 2,
      timeoutStatus: 'L7TOUT',
      emptyStatus: 'L7RSP',
      judge(received, isLast) {
        const more: Judgement = isLast ? found('L7RSP', 'invalid frame received') : 'more';
        if (received.length < LENGTH_BYTES) return more;
        const end = LENGTH_BYTES + received.readUInt32BE(0);
        return received.length < end ? more : judgeFrame(received.subarray(LENGTH_BYTES, end));
      },
    },
  },
]);

function hello(): Buffer {
  const frame = Buffer.concat([
    Buffer.from([FRAME.haproxyHello, 0, 0, 0, FIN, 0, 0]),
    named('supported-versions', Buffer.concat([Buffer.from([VALUE.string]), text('2.0')])),
    named('max-frame-size', Buffer.from([VALUE.uint32, ...integer(MAX_FRAME_BYTES)])),
    named('capabilities', Buffer.concat([Buffer.from([VALUE.string]), text('')])),
    named('healthcheck', Buffer.from([VALUE.boolean | 0x10])),
  ]);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(frame.length);
  return Buffer.concat([length, frame]);
}

function named(name: string, value: Buffer): Buffer {
  return Buffer.concat([text(name), value]);
}
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
}

/** SPOE.txt 3.1: below 240 one byte; else four bits of the number, then seven in each byte. */
function integer(value: number): number[] {
  if (value < 240) return [value];
  const bytes = [(value & 0x0f) | 0xf0];
  let rest = (value - 240) >> 4;
  for (; rest >= 128; rest = (rest - 128) >> 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function judgeFrame(frame: Buffer): Judgement {
  const invalid = found('L7RSP', 'invalid frame received');
  const type = frame[0];
  if (frame.length < HEAD_BYTES + 2 || (type !== FRAME.agentHello && type !== FRAME.agentDisconnect)) return invalid;
  if ((frame.readUInt32BE(1) & FIN) === 0) return found('L7RSP', 'fragmentation not supported');
  const values = readValues(frame, HEAD_BYTES + 2);
  if (values === undefined) return invalid;
  return type === FRAME.agentHello ? judgeHello(values) : judgeDisconnect(values);
}

function judgeHello(values: ReadonlyMap<string, string | number>): Judgement {
  const version = values.get('version');
  const frameBytes = values.get('max-frame-size');
  if (version === undefined) return found('L7RSP', 'version value not found');
  if (typeof version !== 'string') return found('L7RSP', 'invalid frame received');
  if (!VERSION.test(version)) return found('L7RSP', 'unsupported version');
  if (typeof frameBytes !== 'number') return found('L7RSP', 'max-frame-size value not found');
  return frameBytes < MIN_FRAME_BYTES || frameBytes > MAX_FRAME_BYTES
    ? found('L7RSP', 'max-frame-size too big or too small')
    : found('L7OK');
}

function judgeDisconnect(values: ReadonlyMap<string, string | number>): Judgement {
  const status = values.get('status-code') ?? 0;
  return found('L7RSP', (typeof status === 'number' ? STATUS_WORDS[status] : undefined) ?? UNKNOWN_ERROR);
}

/** Names with their strings and numbers; undefined where the list is cut or holds what is no value. */
function readValues(frame: Buffer, from: number): ReadonlyMap<string, string | number> | undefined {
  const values = new Map<string, string | number>();
  let at = from;
  const next = (): number => {
    let value = frame[at++] ?? NaN;
    if (value < 240) return value;
    for (let shift = 4; ; shift += 7) {
      const byte = frame[at++] ?? NaN;
      value += byte * 2 ** shift;
      if (!(byte >= 128)) return value;
    }
  };
  const bytes = (count: number): Buffer => frame.subarray(at, (at += count));
  while (at < frame.length) {
    const name = bytes(next()).toString('latin1');
    const type = (frame[at++] ?? NaN) & 0x0f;
    if (type === VALUE.string || type === VALUE.binary) values.set(name, bytes(next()).toString('latin1'));
    else if (type >= VALUE.int32 && type <= VALUE.uint64) values.set(name, next());
    else if (type === VALUE.ipv4) bytes(4);
    else if (type === VALUE.ipv6) bytes(16);
    else if (type > VALUE.binary) return undefined;
    if (!(at <= frame.length)) return undefined;
  }
  return values;
}
