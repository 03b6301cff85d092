// The answers that the proxy itself gives to errors, by status: from `errorfile`, `errorfiles`, `errorloc302/303` and
// `http-error` of a section, else built in (manual, 4.2). A page is kept as the text of a response; who sends it parses its head as it would
// parse a server's, so rules and framing apply to it in the same way.
import type { ErrorPage as ConfiguredPage, ErrorPages, HttpErrors, Reply } from '@evenkeel/config';
import type { LogContext } from '@evenkeel/expr';
import { builtinPage, builtinRefusal, pageStatuses } from './builtin.ts';

/** One answer. */
export interface ErrorPage {
  /**
   * Head with its empty line, latin1. Empty where the page is an empty file: the client gets no answer, its connection is
   * closed (manual, "errorfile").
   */
  readonly head: string;
  /** latin1. */
  readonly body: string;
}

export const EMPTY_PAGE: ErrorPage = { head: '', body: '' };

/** Statuses that have no page of their own are answered as this one. */
const FALLBACK_STATUS = 500;

const BUILTIN: ReadonlyMap<number, ErrorPage> = new Map(pageStatuses.map((status) => [status, builtinPage(status)]));

/** The page of a status where no section has one. */
export function builtinErrorPage(status: number): ErrorPage {
  return BUILTIN.get(status) ?? BUILTIN.get(FALLBACK_STATUS)!;
}

type MakePage = (context: LogContext) => ErrorPage;

/** The pages that one section has of its own. */
export class ErrorPageSet {
  readonly #fixed = new Map<number, ErrorPage>();
  /** Pages of `http-error`, which may say something about the request. */
  readonly #made = new Map<number, MakePage>();

  /** `compileReply` is needed where there are pages of `http-error`. */
  constructor(pages: ErrorPages, compileReply?: (reply: Reply) => MakePage | undefined) {
    for (const [status, page] of Object.entries(pages)) {
      if (page.kind !== 'reply') this.#fixed.set(Number(status), compilePage(page));
      else {
        const make = compileReply?.(page.reply);
        if (make !== undefined) this.#made.set(Number(status), make);
      }
    }
  }

  /** Its own page for a status; undefined where the built-in one, or another section's, holds. */
  own(status: number, context: LogContext): ErrorPage | undefined {
    return this.#fixed.get(status) ?? this.#made.get(status)?.(context);
  }

  page(status: number, context: LogContext): ErrorPage {
    return this.own(status, context) ?? builtinErrorPage(status);
  }

  /** As `own`, without pages that need a request. */
  fixed(status: number): ErrorPage | undefined {
    return this.#fixed.get(status);
  }

  /**
   * Raw bytes, latin1, for a client whose request could not be understood: sent as they are, without rules, and the
   * connection closes after them. Pages of `http-error` are not for such clients (manual, "http-error").
   */
  refusal(status: number): string {
    const own = this.fixed(status);
    if (own !== undefined) return own.head + own.body;
    return builtinRefusal(BUILTIN.has(status) ? status : FALLBACK_STATUS);
  }
}

/** Sections of `http-errors` by name. */
export function compileHttpErrors(sections: readonly HttpErrors[]): ReadonlyMap<string, ErrorPageSet> {
  return new Map(sections.map((section) => [section.name, new ErrorPageSet(section.errors)]));
}

function compilePage(page: Exclude<ConfiguredPage, { kind: 'reply' }>): ErrorPage {
  if (page.kind === 'file') return splitResponse(page.content);
  const reason = page.status === 302 ? 'Found' : 'See Other';
  const head = `HTTP/1.1 ${page.status} ${reason}\r\ncache-control: no-cache\r\ncontent-length: 0\r\nlocation: ${page.url}\r\n\r\n`;
  return { head, body: '' };
}

/** A whole response as a file holds it; its lines may end in LF alone. */
export function splitResponse(content: string): ErrorPage {
  const end = /\r?\n\r?\n/.exec(content);
  if (end === null) return content === '' ? EMPTY_PAGE : { head: `${content.trimEnd()}\r\n\r\n`, body: '' };
  const at = end.index + end[0].length;
  return { head: content.slice(0, at), body: content.slice(at) };
}
