// The HTTP check (manual: `option httpchk`): one request, and the status of a whole and valid response head. Any 2xx or
// 3xx passes. Header lines hidden behind the version in the old way are parsed, lowered and sent as HAProxy 2.6 sends them,
// with `content-length` for a body behind them and `connection: close` for HTTP/1.1.

import type { Conversation, ConversationEffect, ConversationInput, Protocol } from '../conversation.ts';

export interface HttpCheck {
  readonly method: string;
  readonly uri: string;
  /** `HTTP/1.0` … */
  readonly version: string;
  /** What followed the version in the old form: header lines, perhaps an empty line and a body; unescaped. */
  readonly extra: string | undefined;
}

/** A response head that does not end within this is refused: HAProxy's default buffer. */
const MAX_HEAD_BYTES = 16_384;
const EMPTY_LINE = /\r?\n\r?\n/;
const STATUS_LINE = /^HTTP\/[0-9]\.[0-9] +([0-9]{3})(?: +([^\r\n]*?))? *$/;
/** RFC 9110, 5.1: a token, a colon; 5.5: no control characters but HTAB in the value. */
// oxlint-disable-next-line no-control-regex
const HEADER_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\u0000-\u0008\u000a-\u001f\u007f]*$/;

export function httpProtocol(check: HttpCheck): Protocol {
  const request = Buffer.from(requestText(check), 'latin1');
  return { closesByReset: false, begin: () => new HttpConversation(request) };
}

export function requestText({ method, uri, version, extra }: HttpCheck): string {
  const text = (extra ?? '').replace(/^\r\n/, '');
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  const body = end < 0 ? '' : text.slice(end + 4);
  const lines = [`${method} ${uri} ${version}`];
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) lines.push(`${line.slice(0, colon).trim().toLowerCase()}: ${line.slice(colon + 1).trim()}`);
  }
  if (body !== '') lines.push(`content-length: ${Buffer.byteLength(body, 'latin1')}`);
  if (version === 'HTTP/1.1') lines.push('connection: close');
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

class HttpConversation implements Conversation {
  readonly timeoutStatus = 'L7TOUT';
  readonly #request: Buffer;
  /** latin1, from the first byte of the response. */
  #received = '';

  constructor(request: Buffer) {
    this.#request = request;
  }

  handle(input: ConversationInput): readonly ConversationEffect[] {
    switch (input.type) {
      case 'connected':
        return [{ type: 'send', bytes: this.#request }];
      case 'end':
        return [found('L7RSP', -1, '')];
      case 'data': {
        const seen = this.#received.length;
        this.#received += input.bytes.toString('latin1');
        const end = this.#received.slice(Math.max(0, seen - 3)).search(EMPTY_LINE);
        if (end >= 0) return [judge(this.#received.slice(0, Math.max(0, seen - 3) + end))];
        return this.#received.length > MAX_HEAD_BYTES ? [found('L7RSP', -1, '')] : [];
      }
    }
  }
}

function judge(head: string): ConversationEffect {
  if (head.length > MAX_HEAD_BYTES) return found('L7RSP', -1, '');
  const [statusLine = '', ...headers] = head.split(/\r?\n/);
  const match = STATUS_LINE.exec(statusLine);
  // A line that begins with white space goes on with the value before it (obsolete folding).
  if (match === null || headers.some((line, at) => !(HEADER_LINE.test(line) || (at > 0 && /^[ \t]/.test(line)))))
    return found('L7RSP', -1, '');
  const code = Number(match[1]);
  return code >= 200 && code <= 399 ? found('L7OK', code, '') : found('L7STS', code, match[2] ?? '');
}

function found(status: 'L7OK' | 'L7STS' | 'L7RSP', code: number, info: string): ConversationEffect {
  return { type: 'found', status, code, info };
}
