// Answers of `http-request return/deny/tarpit` and `http-response return/deny`, compiled once (manual: "http-request return").
import type { Reply } from '@evenkeel/config';
import type { Compiler, LogContext } from '@evenkeel/expr';
import { type ErrorPage, type ErrorPageSet, splitResponse } from './pages.ts';
import { reasonOf } from './reasons.ts';

/** A compiled reply: made into a page when its rule fires. */
export interface CompiledReply {
  /** What is logged and counted. */
  readonly status: number;
  /** The answer to this request; undefined: the page that the stream's proxies have for `status`. */
  readonly make: ((context: LogContext) => ErrorPage) | undefined;
}

/**
 * `isError`: for `deny` and `tarpit`, whose bare form sends the error page, while that of `return` is empty. `sections`:
 * the `http-errors` sections by name.
 */
export function compileReply(
  reply: Reply,
  isError: boolean,
  compiler: Compiler,
  sections: ReadonlyMap<string, ErrorPageSet>,
): CompiledReply {
  const { status, body } = reply;
  switch (body.kind) {
    case 'default':
      if (isError && reply.headers.length === 0) return { status, make: undefined };
      return { status, make: compileBody(reply, compiler, undefined) };
    case 'errorfiles': {
      if (body.section === undefined) return { status, make: undefined };
      const page = sections.get(body.section)?.fixed(status);
      return { status, make: page === undefined ? compileBody(reply, compiler, undefined) : () => page };
    }
    case 'errorfile': {
      const page = splitResponse(body.content);
      return { status, make: () => page };
    }
    case 'file':
    case 'string': {
      const { content } = body;
      return { status, make: compileBody(reply, compiler, () => content) };
    }
    case 'format':
      return { status, make: compileBody(reply, compiler, compiler.logFormat(body.format)) };
  }
}

function compileBody(
  reply: Reply,
  compiler: Compiler,
  body: ((context: LogContext) => string) | undefined,
): (context: LogContext) => ErrorPage {
  const startLine = `HTTP/1.1 ${reply.status} ${reasonOf(reply.status)}\r\n`;
  const headers = reply.headers.map(({ name, value }) => ({
    start: `${name.toLowerCase()}: `,
    value: compiler.logFormat(value),
  }));
  const contentType = reply.contentType === undefined ? '' : `content-type: ${reply.contentType}\r\n`;
  const hasBody = reply.status !== 204 && reply.status !== 304;
  return (context) => {
    const text = body === undefined ? '' : body(context);
    let head = startLine;
    for (const header of headers) head += `${header.start}${oneLine(header.value(context))}\r\n`;
    if (hasBody) head += `content-length: ${text.length}\r\n`;
    if (text !== '') head += contentType;
    return { head: `${head}\r\n`, body: text };
  };
}

const LINE_BREAKS = /[\r\n\0]/;

/**
 * A value that may stand in a header field. What a format evaluates to may hold whatever a client sent, decoded: a line
 * break in it would let the client write header fields of its own.
 */
export function oneLine(value: string): string {
  return LINE_BREAKS.test(value) ? value.replace(/[\r\n\0]/g, ' ') : value;
}
