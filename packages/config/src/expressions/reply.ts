/**
 * The answer that `deny`, `tarpit`, `return` and `http-error` give in place of a server (manual 4.2, "http-request return"): status,
 * headers, and one of the payloads. Words in any order, as HAProxy takes them.
 */

import type { Cursor } from '../cursor.ts';
import type { LogFormat } from '../expression-model.ts';
import type { ExpressionScope } from '../expression-scope.ts';
import type { Reply } from '../model.ts';
import { readErrorFile, readReplyFile } from './error-file.ts';
import type { RuleWords } from './rule-words.ts';

type Body = Reply['body'];
type Header = Reply['headers'][number];

/** Statuses that have an answer by default (manual, "errorfile"). */
export const DEFAULT_STATUSES: ReadonlySet<number> = new Set([
  200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 421, 422, 425, 429, 500, 501, 502, 503, 504,
]);

/** Fields that frame an answer: the proxy writes them itself. */
const FRAMING_FIELDS = new Set(['content-length', 'transfer-encoding', 'content-type']);

export interface ReplyDefaults {
  /** 0: one must be given. */
  readonly status: number;
  /** `deny` and `tarpit` answer with the proxy's error pages where nothing else is said. */
  readonly errorPages: boolean;
  /** Refuses a status, which is the word taken last, by throwing. */
  readonly judgeStatus?: (status: number) => void;
}

/** Reads what may follow the action's word, up to the condition or another word that is no part of an answer. */
export function parseReply(cursor: Cursor, scope: ExpressionScope, words: RuleWords, defaults: ReplyDefaults): Reply {
  return new ReplyReader(cursor, scope, words, defaults).read();
}

class ReplyReader {
  private readonly cursor: Cursor;
  private readonly scope: ExpressionScope;
  private readonly words: RuleWords;
  private readonly defaults: ReplyDefaults;
  private status: number | undefined;
  private contentType: string | undefined;
  private readonly headers: Header[] = [];
  private body: Body | undefined;
  /** The word that gave the body, for messages about a second one. */
  private bodyWord = '';

  constructor(cursor: Cursor, scope: ExpressionScope, words: RuleWords, defaults: ReplyDefaults) {
    this.cursor = cursor;
    this.scope = scope;
    this.words = words;
    this.defaults = defaults;
  }

  read(): Reply {
    const { cursor, defaults } = this;
    // The old word is known in first place only. Alone it gives the error page, where `status` alone gives an empty answer.
    if (defaults.errorPages && cursor.take('deny_status')) this.readStatus();
    const plain = defaults.errorPages && this.atCondition;
    while (!cursor.atEnd && this.readPart(cursor.peek()!)) {
      // Every part consumes its own words.
    }
    return this.finish(plain);
  }

  private get atCondition(): boolean {
    const word = this.cursor.peek();
    return word === undefined || word === 'if' || word === 'unless';
  }

  /** One part, or false at a word that belongs to something else. */
  private readPart(word: string): boolean {
    const { cursor } = this;
    switch (word) {
      case 'status':
        cursor.next();
        this.readStatus();
        return true;
      case 'content-type':
        cursor.next();
        this.contentType = this.argument('content-type', '<ctype>');
        return true;
      case 'hdr':
        cursor.next();
        this.readHeader();
        return true;
      case 'default-errorfiles':
        this.claimBody(word);
        this.body = { kind: 'errorfiles', section: undefined };
        return true;
      case 'errorfiles':
        this.claimBody(word);
        this.readSection();
        return true;
      case 'errorfile':
        this.claimBody(word);
        this.body = { kind: 'errorfile', content: this.readFile(this.argument(word, '<fmt>'), true) };
        return true;
      case 'file':
        this.claimBody(word);
        this.body = { kind: 'file', content: this.readFile(this.argument(word, '<file>'), false) };
        return true;
      case 'string':
        this.claimBody(word);
        this.body = { kind: 'string', content: this.argument(word, '<str>') };
        return true;
      case 'lf-string': {
        this.claimBody(word);
        this.argument(word, '<fmt>');
        this.body = { kind: 'format', format: this.words.format(cursor.index - 1) };
        return true;
      }
      case 'lf-file': {
        this.claimBody(word);
        const content = this.readFile(this.argument(word, '<file>'), false);
        this.body = { kind: 'format', format: this.words.formatText(content, cursor.index - 1) };
        return true;
      }
      default:
        return false;
    }
  }

  private claimBody(word: string): void {
    this.cursor.next();
    if (this.bodyWord !== '') {
      this.words.failLast(`unexpected '${word}' argument, '${this.bodyWord}' already defined`, 'one payload only');
    }
    this.bodyWord = word;
  }

  private argument(word: string, what: string): string {
    const value = this.cursor.peek();
    if (value === undefined || value === '') this.words.fail(`'${word}' expects ${what} as argument`, what);
    this.cursor.next();
    return value;
  }

  private readStatus(): void {
    const word = this.argument('status', '<status_code>');
    // Digits at its start count, as with HAProxy's atol.
    const status = Number(/^\d*/.exec(word)![0]);
    if (status < 200 || status > 599)
      this.words.failLast(`Unexpected status code '${status}'`, 'a status from 200 to 599');
    this.defaults.judgeStatus?.(status);
    this.status = status;
  }

  private readHeader(): void {
    const { cursor } = this;
    const name = cursor.peek();
    const value = cursor.peek(1);
    if (name === undefined || name === '' || value === undefined || value === '') {
      this.words.fail("'hdr' expects <name> and <value> as arguments", '<name> and <value>');
    }
    cursor.index += 2;
    const lower = name.toLowerCase();
    const format = this.words.format(cursor.index - 1);
    if (FRAMING_FIELDS.has(lower)) {
      cursor.diagnostics.warning(
        `header '${name}' always ignored by the http reply.`,
        cursor.position(cursor.index - 2),
        { length: name.length },
      );
      return;
    }
    this.headers.push({ name: lower, value: format });
  }

  private readSection(): void {
    const { cursor, scope } = this;
    const name = this.argument('errorfiles', '<name>');
    const at = cursor.lastPosition();
    this.body = { kind: 'errorfiles', section: name };
    // The pages of an `http-error` are judged with those of the proxy.
    if (scope.place === 'http-error') return;
    scope.whenComplete(() => {
      const section = scope.httpErrors(name);
      const status = this.status ?? this.defaults.status;
      if (section !== undefined) {
        if (section.errors[status] !== undefined) return;
        const message = `Proxy '${scope.proxyName}': status '${status}' referenced by an http reply not declared in http-errors section '${name}'.`;
        scope.diagnostics.warning(message, at, { length: name.length, form: 'plain' });
        return;
      }
      scope.diagnostics.alert(
        `Proxy '${scope.proxyName}': unknown http-errors section '${name}' referenced by an http reply.`,
        at,
        {
          length: name.length,
          form: 'plain',
          expected: "the name of an 'http-errors' section",
        },
      );
    });
  }

  private readFile(path: string, wholeResponse: boolean): string {
    const file = wholeResponse ? readErrorFile(path, this.scope.host) : readReplyFile(path, this.scope.host);
    if (!file.ok) this.words.failLast(file.message, file.expected);
    return file.content;
  }

  /** The checks that need all parts, and the defaults. */
  private finish(plain: boolean): Reply {
    const { words, defaults, cursor } = this;
    const status = this.status ?? defaults.status;
    if (status === 0) words.fail('expects at least a <status> as arguments.', "'status' and a code");
    const body: Body = this.body ?? (plain ? { kind: 'default' } : { kind: 'string', content: '' });
    const { contentType, headers } = this;
    if (body.kind === 'default' || body.kind === 'errorfiles')
      this.requireDefaultStatus(status, this.bodyWord || 'default-errorfiles');
    if (body.kind === 'errorfiles' || body.kind === 'errorfile') {
      if (contentType !== undefined)
        cursor.warn(`content-type '${contentType}' ignored by the http reply when used with an erorrfile.`);
      if (headers.length > 0) cursor.warn('hdr parameters ignored by the http reply when used with an erorrfile.');
      return { status, contentType: undefined, headers: [], body };
    }
    if (this.body === undefined) {
      if (contentType !== undefined)
        cursor.warn(
          `content-type '${contentType}' ignored by the http reply because neither errorfile nor payload defined.`,
        );
      return { status, contentType: undefined, headers, body };
    }
    if (
      body.kind === 'format'
        ? contentType === undefined
        : body.kind !== 'default' && body.content !== '' && contentType === undefined
    ) {
      const what = body.kind === 'format' ? 'with a log-format payload' : 'when non-empty payload is configured';
      words.failLast(`a content type must be defined ${what}`, "'content-type' and a media type");
    }
    if (
      (status === 204 || status === 304) &&
      (body.kind === 'format' || (body.kind !== 'default' && body.content !== ''))
    ) {
      words.failLast(`No body expected for ${status} responses`, 'no payload, or another status');
    }
    if (contentType !== undefined && body.kind !== 'format' && body.kind !== 'default' && body.content === '') {
      cursor.warn(`content-type '${contentType}' ignored by the http reply when used with an empty payload.`);
      return { status, contentType: undefined, headers, body };
    }
    return { status, contentType, headers, body };
  }

  private requireDefaultStatus(status: number, word: string): void {
    if (DEFAULT_STATUSES.has(status)) return;
    const known = [...DEFAULT_STATUSES].map(String);
    this.words.failLast(
      `status code '${status}' not handled by default with '${word}' argument.`,
      `one of ${known.join(', ')}, or a payload`,
    );
  }
}

/** Whether a format holds text only, so that it can be made once. */
export function isConstant(format: LogFormat): boolean {
  return format.parts.every((part) => part.kind === 'literal');
}
