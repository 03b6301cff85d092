// What of a request is hashed (manual: `balance source|uri|url_param|hdr|rdp-cookie|hash`, `hash-type`), compiled once for each
// backend into one function from the request to a 32-bit unsigned hash, or NO_KEY where the request has no such thing. Which
// server a hash names is the algorithm's business. What exactly is cut out was seen on HAProxy 2.6.

import type { Balance, HashType } from '@evenkeel/config';
import {
  avalanche,
  crc32,
  djb2,
  readRdpCookie,
  sdbm,
  wt6,
  type Compiler,
  type IpAddress,
  type SampleContext,
} from '@evenkeel/expr';
import { listValue } from '@evenkeel/http';
import type { BalanceSettings } from './algorithms.ts';
import { NO_KEY } from './balancer.ts';

/** To be asked when the backend's rules have run and a server is wanted. */
export type BalanceKey = (context: SampleContext) => number;

const FUNCTIONS: Readonly<Record<HashType['function'], (bytes: string) => number>> = { sdbm, djb2, wt6, crc32 };

/** Undefined for algorithms that have no key. */
export function compileBalanceKey({ balance, hashType }: BalanceSettings, compiler: Compiler): BalanceKey | undefined {
  if (balance.algorithm === 'source') return hashType.avalanche ? (context) => mixed(sourceHash(context)) : sourceHash;
  const text = compileText(balance, compiler);
  if (text === undefined) return undefined;
  const compute = FUNCTIONS[hashType.function];
  const mixes = hashType.avalanche;
  return (context) => {
    const key = text(context);
    if (key === undefined) return NO_KEY;
    const hash = compute(key);
    return mixes ? avalanche(hash) : hash;
  };
}

type KeyText = (context: SampleContext) => string | undefined;

function compileText(balance: Balance, compiler: Compiler): KeyText | undefined {
  switch (balance.algorithm) {
    case 'uri':
      return uriText(balance);
    case 'url_param': {
      const start = `${balance.name}=`;
      return (context) => parameterText(context, start);
    }
    case 'hdr':
      return headerText(balance.name, balance.useDomainOnly);
    case 'rdp-cookie': {
      const { name } = balance;
      return ({ requestBuffer }) => {
        // A cookie without a value is none.
        const value = requestBuffer === undefined ? undefined : readRdpCookie(requestBuffer, name).value;
        return value === '' ? undefined : value;
      };
    }
    case 'hash':
      return compiler.bytes(balance.expression);
    case 'roundrobin':
    case 'static-rr':
    case 'leastconn':
    case 'first':
    case 'source':
    case 'random':
      return undefined;
  }
}

// ------------------------------------------------------------------------------------------------------------- source

/** An address is its own hash: IPv4 as a number, IPv6 as its four words folded into one. `hash-type` names no function for it. */
function sourceHash({ session }: SampleContext): number {
  const { source } = session;
  return source === undefined ? NO_KEY : addressHash(source);
}

function addressHash({ family, w0, w1, w2, w3 }: IpAddress): number {
  return family === 4 ? w3 : (w0 ^ w1 ^ w2 ^ w3) >>> 0;
}

function mixed(hash: number): number {
  return hash === NO_KEY ? NO_KEY : avalanche(hash);
}

// ---------------------------------------------------------------------------------------------------------------- uri

function uriText({ whole, pathOnly, length, depth }: Extract<Balance, { algorithm: 'uri' }>): KeyText {
  return ({ request }) => {
    if (request === undefined) return undefined;
    const text = pathOnly ? request.target.pathWithQuery : request.uri;
    let end = length === undefined ? text.length : Math.min(length, text.length);
    if (!whole) {
      const mark = text.indexOf('?');
      if (mark >= 0 && mark < end) end = mark;
    }
    if (depth !== undefined) end = Math.min(end, slashAt(text, depth));
    return end === text.length ? text : text.slice(0, end);
  };
}

/** Where the slash stands that has `before` others before it; the text's end where there are not so many. */
function slashAt(text: string, before: number): number {
  let at = -1;
  for (let left = before; left >= 0; left--) {
    at = text.indexOf('/', at + 1);
    if (at < 0) return text.length;
  }
  return at;
}

// ---------------------------------------------------------------------------------------------------------- url_param

/** From the query, and where that has none from what there is of the body of a POST. `start` is the name with `=`. */
function parameterText({ request, requestBody }: SampleContext, start: string): string | undefined {
  if (request === undefined) return undefined;
  const { uri } = request;
  const mark = uri.indexOf('?');
  const found = mark < 0 ? undefined : parameterIn(uri, mark + 1, start);
  if (found !== undefined || request.method !== 'POST' || requestBody === undefined) return found;
  const posted = parameterIn(requestBody, 0, start);
  return posted === undefined ? undefined : postedValue(posted);
}

/** What begins like no form's value is taken for other content (seen on HAProxy): blanks for the empty value, the rest for none. */
function postedValue(value: string): string | undefined {
  if (value === '' || TOKEN_START.test(value)) return value;
  return BLANK_START.test(value) ? '' : undefined;
}

/** RFC 9110, 5.6.2 "token". */
const TOKEN_START = /^[\w!#$%&'*+.^`|~-]/;
const BLANK_START = /^[ \t\r\n]/;

/** Parts are separated by `&` alone; the value may be empty. */
function parameterIn(text: string, from: number, start: string): string | undefined {
  let at = from;
  for (;;) {
    const next = text.indexOf('&', at);
    if (text.startsWith(start, at)) return text.slice(at + start.length, next < 0 ? text.length : next);
    if (next < 0) return undefined;
    at = next + 1;
  }
}

// ---------------------------------------------------------------------------------------------------------------- hdr

/** The first value of the first field; where that is empty, none. */
function headerText(name: string, useDomainOnly: boolean): KeyText {
  return ({ request }) => {
    const value = request === undefined ? undefined : listValue(request.headers, name, 1);
    if (value === undefined || value === '') return undefined;
    return useDomainOnly ? mainDomain(value) : value;
  };
}

/** What stands before the last dot, from the dot before on: `1wt` of `haproxy.1wt.eu`. Without a dot the whole. */
function mainDomain(host: string): string {
  const end = host.lastIndexOf('.');
  if (end <= 0) return host;
  return host.slice(end < 2 ? 0 : host.lastIndexOf('.', end - 2) + 1, end);
}
