// The request of an HTTP check (manual: `http-check send`), in the form in which HAProxy 2.6 sends it: names in lower case,
// `content-length` where there is a body or the method wants one, `connection: close` behind everything in HTTP/1.1.

import type { CheckHttpSend, LogFormat } from '@evenkeel/config';
import type { CheckContext } from './context.ts';
import type { CompileFormat } from './matching.ts';

/** Methods that have no body unless one is given; all others say its length, be it 0. */
const BODYLESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/** `stateText` is the value of the state field, where `send-state` wants one. */
export function compileHttpRequest(
  send: CheckHttpSend,
  format: CompileFormat,
  stateText: ((context: CheckContext) => string) | undefined,
): (context: CheckContext) => Buffer {
  const { method = 'OPTIONS' } = send;
  const uri = textOf(send.uri ?? '/', format);
  const version = isVersion11(send.version) ? 'HTTP/1.1' : 'HTTP/1.0';
  const body = send.body === undefined ? undefined : textOf(send.body, format);
  const fields = send.headers.map(({ name, value }) => ({ name, value: textOf(value, format) }));
  return (context) => {
    const lines: string[] = [];
    let host: string | undefined;
    let hasConnection = false;
    let closes = false;
    for (const { name, value } of fields) {
      const text = value(context);
      // A field without a value is not sent.
      if (text === '') continue;
      if (name === 'host') host = text;
      if (name === 'connection') {
        hasConnection = true;
        const options = text.split(',').map((option) => option.trim());
        closes ||= options.some((option) => option.toLowerCase() === 'close');
        const others = options.filter((option) => !/^(close|keep-alive)$/i.test(option));
        if (others.length > 0) lines.push(`${name}: ${others.join(', ')}`);
      } else lines.push(`${name}: ${text}`);
    }
    if (stateText !== undefined) lines.push(`x-haproxy-server-state: ${stateText(context)}`);
    const content = body?.(context) ?? '';
    if (content !== '' || !BODYLESS.has(method)) lines.push(`content-length: ${content.length}`);
    if (version === 'HTTP/1.1' && (closes || !hasConnection)) lines.push('connection: close');
    const target = withAuthority(uri(context) || '/', host);
    return Buffer.from(
      `${method} ${target} ${version}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${content}`,
      'latin1',
    );
  };
}

function textOf(text: string | LogFormat, format: CompileFormat): (context: CheckContext) => string {
  return typeof text === 'string' ? () => text : format(text);
}

/** Anything from 1.1 on is sent as 1.1, anything else as 1.0. */
function isVersion11(version: string | undefined): boolean {
  const [, major, minor] = /^HTTP\/(\d)\.(\d)$/.exec(version ?? '') ?? [];
  return major !== undefined && (Number(major) > 1 || (major === '1' && Number(minor) >= 1));
}

/** The authority of an absolute URI is that of the Host field, where both are there. */
function withAuthority(uri: string, host: string | undefined): string {
  return host === undefined
    ? uri
    : uri.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*/i, (_all, scheme: string) => scheme + host);
}
