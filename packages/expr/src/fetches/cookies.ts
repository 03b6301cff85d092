/**
 * Cookies of requests and of Set-Cookie fields (manual section 7.3.6). Names are matched exactly; blanks around names and values do not
 * count and quotes stay. In ACLs each value is asked in turn; elsewhere it is the last one, or without a name the first.
 */

import type { HeaderList } from '@evenkeel/http';
import type { SampleContext } from '../context.ts';
import { integerFromText, type Value } from '../values.ts';
import type { CompiledFetch, FetchCompiler } from './fetch.ts';
import { requestPending, responsePending } from './headers.ts';

interface Source {
  readonly headersOf: (context: SampleContext) => HeaderList | undefined;
  readonly field: string;
  /** Only the first pair of a Set-Cookie field is the cookie; the rest are its attributes. */
  readonly firstOnly: boolean;
  readonly pending: (context: SampleContext) => boolean;
}

const REQUEST: Source = {
  headersOf: (context) => context.request?.headers,
  field: 'cookie',
  firstOnly: false,
  pending: requestPending,
};
const RESPONSE: Source = {
  headersOf: (context) => context.response?.headers,
  field: 'set-cookie',
  firstOnly: true,
  pending: responsePending,
};

/** Calls `visit` with each value of the cookie (of any where `name` is empty) until it returns true. */
function visitCookies(headers: HeaderList, source: Source, name: string, visit: (value: string) => boolean): boolean {
  for (let index = headers.indexOf(source.field); index >= 0; index = headers.indexOf(source.field, index + 1)) {
    const field = headers.valueAt(index);
    let start = 0;
    while (start < field.length) {
      const end = pairEnd(field, start);
      const equals = field.indexOf('=', start);
      if (equals >= 0 && equals < end && (name === '' || trimmed(field, start, equals) === name)) {
        if (visit(trimmed(field, equals + 1, end))) return true;
      }
      if (source.firstOnly) break;
      start = end + 1;
    }
  }
  return false;
}

/** The semicolon that ends the pair, outside of double quotes. */
function pairEnd(field: string, start: number): number {
  let quoted = false;
  for (let index = start; index < field.length; index++) {
    const code = field.charCodeAt(index);
    if (code === 0x22) quoted = !quoted;
    else if (code === 0x3b && !quoted) return index;
  }
  return field.length;
}

function trimmed(text: string, start: number, end: number): string {
  return text.slice(start, end).trim();
}

function cookie(source: Source, convert: (text: string) => Value | undefined): FetchCompiler {
  return ([name = '']): CompiledFetch => {
    const wanted = String(name);
    return {
      pending: source.pending,
      get: (context) => {
        const headers = source.headersOf(context);
        if (headers === undefined) return undefined;
        let found: string | undefined;
        visitCookies(headers, source, wanted, (value) => {
          found = value;
          return wanted === '';
        });
        return found === undefined ? undefined : convert(found);
      },
      each: (context, test) => {
        const headers = source.headersOf(context);
        if (headers === undefined) return false;
        return visitCookies(headers, source, wanted, (text) => {
          const value = convert(text);
          return value !== undefined && test(value);
        });
      },
    };
  };
}

function count(source: Source): FetchCompiler {
  return ([name = '']) => ({
    pending: source.pending,
    get: (context) => {
      const headers = source.headersOf(context);
      if (headers === undefined) return undefined;
      let total = 0;
      visitCookies(headers, source, String(name), () => {
        total++;
        return false;
      });
      return total;
    },
  });
}

const asText = (text: string): Value => text;

/** Deprecated `cookie`: the request's, or the response's where there is one. */
const either: FetchCompiler = (args, environment) => {
  const request = cookie(REQUEST, asText)(args, environment);
  const response = cookie(RESPONSE, asText)(args, environment);
  return {
    pending: requestPending,
    get: (context) => (context.response === undefined ? request : response).get(context),
    each: (context, test) => (context.response === undefined ? request : response).each!(context, test),
  };
};

export const COOKIE_FETCHES: Readonly<Record<string, FetchCompiler>> = {
  cook: cookie(REQUEST, asText),
  cook_cnt: count(REQUEST),
  cook_val: cookie(REQUEST, integerFromText),
  'req.cook': cookie(REQUEST, asText),
  'req.cook_cnt': count(REQUEST),
  'req.cook_val': cookie(REQUEST, integerFromText),
  'res.cook': cookie(RESPONSE, asText),
  'res.cook_cnt': count(RESPONSE),
  'res.cook_val': cookie(RESPONSE, integerFromText),
  scook: cookie(RESPONSE, asText),
  scook_cnt: count(RESPONSE),
  scook_val: cookie(RESPONSE, integerFromText),
  cookie: either,
};
