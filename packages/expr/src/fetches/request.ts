/** The request line, the URL and its parameters, authentication, captures and the status line (manual section 7.3.6). */

import type { RequestHead } from '@evenkeel/http';
import type { LogContext, SampleContext } from '../context.ts';
import { parseIpAddress } from '../ip-address.ts';
import { decodeBase64 } from '../base64.ts';
import { integerFromText, type Value } from '../values.ts';
import { plain, type FetchCompiler } from './fetch.ts';
import { requestPending, responsePending } from './headers.ts';

function fromRequest(read: (request: RequestHead) => Value | undefined): FetchCompiler {
  return () => ({
    pending: requestPending,
    get: (context) => {
      const { request } = context;
      return request === undefined ? undefined : read(request);
    },
  });
}

/** Empty parts of the target are absent ones. */
function path(request: RequestHead): string | undefined {
  const text = request.target.path;
  return text === '' ? undefined : text;
}

/** Host and path: the concatenation that most URL lists are written in. */
function base(request: RequestHead, tail: string): string {
  return (request.headers.last('host') ?? '') + tail;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** Host and port of an absolute URL that names an address; anything else finds nothing. */
function urlAddress(request: RequestHead): { address: ReturnType<typeof parseIpAddress>; port: number } | undefined {
  const { form, authority, scheme } = request.target;
  if (form !== 'absolute') return undefined;
  const match = /^(?:\[([^\]]*)\]|([^:@[\]]*))(?::(\d+))?$/.exec(authority);
  if (match === null) return undefined;
  const address = parseIpAddress(match[1] ?? match[2]);
  if (address === undefined) return undefined;
  return { address, port: match[3] === undefined ? (DEFAULT_PORTS[scheme.toLowerCase()] ?? 0) : Number(match[3]) };
}

/** Calls `visit` with each value of the parameter (of any where `name` is empty) until it returns true. */
function visitParameters(uri: string, name: string, delimiter: string, visit: (value: string) => boolean): boolean {
  const mark = uri.indexOf(delimiter);
  let start = mark < 0 ? uri.length : mark + 1;
  while (start < uri.length) {
    let end = start;
    while (end < uri.length && !isParameterEnd(uri[end], delimiter)) end++;
    const equals = uri.indexOf('=', start);
    if (
      equals >= 0 &&
      equals < end &&
      (name === '' || uri.slice(start, equals) === name) &&
      visit(uri.slice(equals + 1, end))
    )
      return true;
    start = end + 1;
  }
  return false;
}

function isParameterEnd(char: string, delimiter: string): boolean {
  return char === '&' || char === ';' || (char === delimiter && delimiter !== '?');
}

function parameter(convert: (text: string) => Value | undefined): FetchCompiler {
  return ([name = '', delimiter = '?']) => {
    const wanted = String(name);
    const begin = String(delimiter)[0] ?? '?';
    return {
      pending: requestPending,
      get: (context) => {
        let found: string | undefined;
        if (context.request === undefined) return undefined;
        visitParameters(context.request.uri, wanted, begin, (value) => {
          found = value;
          return true;
        });
        return found === undefined ? undefined : convert(found);
      },
      each: (context, test) => {
        if (context.request === undefined) return false;
        return visitParameters(context.request.uri, wanted, begin, (text) => {
          const value = convert(text);
          return value !== undefined && test(value);
        });
      },
    };
  };
}

/** Scheme and credentials of Authorization, or of another field. */
function authorization(
  request: RequestHead,
  field = 'authorization',
): { scheme: string; credentials: string } | undefined {
  const value = request.headers.first(field);
  const match = value === undefined ? null : /^([!-~]+)[ \t]+(.*)$/.exec(value);
  return match === null ? undefined : { scheme: match[1], credentials: match[2] };
}

/** User and password of basic authentication. */
function basic(request: RequestHead): { user: string; password: string } | undefined {
  const found = authorization(request);
  if (found === undefined || found.scheme.toLowerCase() !== 'basic') return undefined;
  const text = decodeBase64(found.credentials.trim());
  const colon = text === undefined ? -1 : text.indexOf(':');
  return colon < 0 ? undefined : { user: text!.slice(0, colon), password: text!.slice(colon + 1) };
}

const bearer: FetchCompiler = ([field = '']) => {
  const name = field === '' ? 'authorization' : String(field).toLowerCase();
  return fromRequest((request) => {
    const found = authorization(request, name);
    return found !== undefined && found.scheme.toLowerCase() === 'bearer' ? found.credentials : undefined;
  })([], undefined as never);
};

/** Captures exist only on streams, which is where the parser lets these fetches stand. */
function logged(read: (context: LogContext) => Value | undefined): FetchCompiler {
  return () => ({ get: (context: SampleContext) => read(context as LogContext) });
}

function captured(read: (context: LogContext) => readonly (string | undefined)[]): FetchCompiler {
  return ([index]) => ({ get: (context: SampleContext) => read(context as LogContext)[Number(index)] });
}

/** From the path's slash on, whatever the form of the target. */
function loggedPath(context: LogContext): string | undefined {
  const uri = context.loggedRequestLine?.split(' ')[1] ?? '';
  const scheme = uri.indexOf('://');
  const slash = uri.indexOf('/', uri.startsWith('/') || scheme < 0 ? 0 : scheme + 3);
  return slash < 0 ? undefined : uri.slice(slash);
}

/** Words of the request line as the client sent it. */
function requestWord(index: 0 | 2): FetchCompiler {
  return logged((context) => context.loggedRequestLine?.split(' ')[index]);
}

export const REQUEST_FETCHES: Readonly<Record<string, FetchCompiler>> = {
  method: fromRequest((request) => request.method),
  path: fromRequest(path),
  pathq: fromRequest((request) => (request.target.pathWithQuery === '' ? undefined : request.target.pathWithQuery)),
  query: fromRequest((request) => (request.uri.includes('?') ? request.target.query : undefined)),
  url: fromRequest((request) => request.uri),
  base: fromRequest((request) => base(request, request.target.path)),
  baseq: fromRequest((request) => base(request, request.target.pathWithQuery)),
  url_ip: fromRequest((request) => urlAddress(request)?.address),
  url_port: fromRequest((request) => urlAddress(request)?.port),
  url_param: parameter((text) => text),
  urlp: parameter((text) => text),
  urlp_val: parameter(integerFromText),
  'req.ver': fromRequest((request) => request.version),
  req_ver: fromRequest((request) => request.version),
  'req.proto_http': fromRequest(() => true),
  req_proto_http: fromRequest(() => true),
  http_auth_type: fromRequest((request) => authorization(request)?.scheme),
  http_auth_user: fromRequest((request) => basic(request)?.user),
  http_auth_pass: fromRequest((request) => basic(request)?.password),
  http_auth_bearer: bearer,
  'capture.req.hdr': captured((context) => context.capturedRequestHeaders),
  'capture.res.hdr': captured((context) => context.capturedResponseHeaders),
  'capture.req.method': requestWord(0),
  'capture.req.uri': logged(loggedPath),
  'capture.req.ver': requestWord(2),
  'capture.res.ver': plain((context) =>
    context.response === undefined ? undefined : `HTTP/${context.response.version}`,
  ),
  status: () => ({ pending: responsePending, get: (context) => context.response?.status }),
  'res.ver': () => ({ pending: responsePending, get: (context) => context.response?.version }),
  resp_ver: () => ({ pending: responsePending, get: (context) => context.response?.version }),
};
