/**
 * Header fetches (manual section 7.3.6): `hdr` and its like see comma-separated values, `fhdr` whole fields. In ACLs without an
 * occurrence each value is asked in turn; elsewhere it is the last one, which the occurrences count from one.
 */

import { countListValues, fieldValue, HeaderList, listValue, ListValueCursor } from '@evenkeel/http';
import type { SampleContext } from '../context.ts';
import { parseIpAddress, type IpAddress } from '../ip-address.ts';
import { integerFromText, type Value } from '../values.ts';
import type { CompiledFetch, FetchArguments, FetchCompiler } from './fetch.ts';

type HeadersOf = (context: SampleContext) => HeaderList | undefined;

const requestHeaders: HeadersOf = (context) => context.request?.headers;
const responseHeaders: HeadersOf = (context) => context.response?.headers;

export const requestPending = (context: SampleContext): boolean => context.request === undefined;
export const responsePending = (context: SampleContext): boolean => context.response === undefined;

interface Side {
  readonly headersOf: HeadersOf;
  readonly pending: (context: SampleContext) => boolean;
}

const REQUEST: Side = { headersOf: requestHeaders, pending: requestPending };
const RESPONSE: Side = { headersOf: responseHeaders, pending: responsePending };

/** Turns the text of one value into the fetch's type. */
type Convert = (text: string) => Value | undefined;

const asText: Convert = (text) => text;
const asInteger: Convert = (text) => integerFromText(text);

/** An address, or IPv4 with a port, as clients write it in X-Forwarded-For. */
export function headerAddress(text: string): IpAddress | undefined {
  const direct = parseIpAddress(text);
  if (direct !== undefined) return direct;
  const port = /^([\d.]+):\d+$/.exec(text);
  return port === null ? undefined : parseIpAddress(port[1]);
}

function listFetch(side: Side, convert: Convert): FetchCompiler {
  return (args) => valuesFetch(side, args, convert, listValue, eachListValue);
}

function wholeFetch(side: Side): FetchCompiler {
  return (args) => valuesFetch(side, args, asText, fieldValue, eachField);
}

type Pick = (headers: HeaderList, name: string, occurrence: number) => string | undefined;
type Each = (headers: HeaderList, name: string, test: (text: string) => boolean) => boolean;

function valuesFetch(
  side: Side,
  [name, occurrence = 0]: FetchArguments,
  convert: Convert,
  pick: Pick,
  each: Each,
): CompiledFetch {
  const { headersOf, pending } = side;
  // Without any argument HAProxy finds nothing; an empty name stands for any field.
  if (name === undefined) return { get: () => undefined, pending };
  const wanted = String(name).toLowerCase();
  const number = Number(occurrence);
  const get = (context: SampleContext): Value | undefined => {
    const headers = headersOf(context);
    if (headers === undefined) return undefined;
    const text = wanted === '' ? pick(allFields(headers), '', number) : pick(headers, wanted, number);
    return text === undefined ? undefined : convert(text);
  };
  if (number !== 0) return { get, pending };
  return {
    get,
    pending,
    each: (context, test) => {
      const headers = headersOf(context);
      if (headers === undefined) return false;
      const ask = (text: string): boolean => {
        const value = convert(text);
        return value !== undefined && test(value);
      };
      return wanted === '' ? each(allFields(headers), '', ask) : each(headers, wanted, ask);
    },
  };
}

/** Every field under the empty name, for fetches that name none. */
function allFields(headers: HeaderList): HeaderList {
  const all = new HeaderList();
  for (let index = 0; index < headers.count; index++) all.add('', headers.valueAt(index));
  return all;
}

function eachListValue(headers: HeaderList, name: string, test: (text: string) => boolean): boolean {
  for (let index = headers.indexOf(name); index >= 0; index = headers.indexOf(name, index + 1)) {
    const field = headers.valueAt(index);
    // Most fields are no lists; the first that is one hands the rest to the slower walk.
    if (field.includes(',')) return eachElementFrom(headers, name, index, test);
    if (test(field)) return true;
  }
  return false;
}

function eachElementFrom(headers: HeaderList, name: string, index: number, test: (text: string) => boolean): boolean {
  const cursor = new ListValueCursor(headers, name);
  while (cursor.next()) if (cursor.headerIndex >= index && test(cursor.value)) return true;
  return false;
}

function eachField(headers: HeaderList, name: string, test: (text: string) => boolean): boolean {
  for (let index = headers.indexOf(name); index >= 0; index = headers.indexOf(name, index + 1))
    if (test(headers.valueAt(index))) return true;
  return false;
}

function listCount(side: Side): FetchCompiler {
  return ([name = '']) => {
    const wanted = String(name).toLowerCase();
    return {
      pending: side.pending,
      get: (context) => {
        const headers = side.headersOf(context);
        if (headers === undefined) return undefined;
        return wanted === '' ? countListValues(allFields(headers), '') : countListValues(headers, wanted);
      },
    };
  };
}

function fieldCount(side: Side): FetchCompiler {
  return ([name = '']) => {
    const wanted = String(name).toLowerCase();
    return {
      pending: side.pending,
      get: (context) => {
        const headers = side.headersOf(context);
        if (headers === undefined) return undefined;
        return wanted === '' ? headers.count : headers.values(wanted).length;
      },
    };
  };
}

/** Names of all fields in order, joined. */
function names(side: Side): FetchCompiler {
  return ([delimiter = ',']) => ({
    pending: side.pending,
    get: (context) => {
      const headers = side.headersOf(context);
      if (headers === undefined) return undefined;
      const list: string[] = [];
      for (let index = 0; index < headers.count; index++) list.push(headers.nameAt(index));
      return list.join(delimiter === '' ? ',' : String(delimiter));
    },
  });
}

/** The whole block of fields as it would be sent, with the empty line. */
function block(side: Side): FetchCompiler {
  return () => ({
    pending: side.pending,
    get: (context) => {
      const headers = side.headersOf(context);
      if (headers === undefined) return undefined;
      let out = '';
      for (let index = 0; index < headers.count; index++)
        out += `${headers.nameAt(index)}: ${headers.valueAt(index)}\r\n`;
      return `${out}\r\n`;
    },
  });
}

function family(
  side: Side,
): Readonly<Record<'hdr' | 'cnt' | 'ip' | 'val' | 'names' | 'fhdr' | 'fhdrCnt' | 'hdrs', FetchCompiler>> {
  return {
    hdr: listFetch(side, asText),
    cnt: listCount(side),
    ip: listFetch(side, headerAddress),
    val: listFetch(side, asInteger),
    names: names(side),
    fhdr: wholeFetch(side),
    fhdrCnt: fieldCount(side),
    hdrs: block(side),
  };
}

const request = family(REQUEST);
const response = family(RESPONSE);

/** `hdr` outside of ACLs serves both directions: the response's fields once there is a response. */
const eitherHeaders: FetchCompiler = listFetch(
  { headersOf: (context) => context.response?.headers ?? context.request?.headers, pending: requestPending },
  asText,
);

export const HEADER_FETCHES: Readonly<Record<string, FetchCompiler>> = {
  hdr: eitherHeaders,
  hdr_cnt: request.cnt,
  hdr_ip: request.ip,
  hdr_val: request.val,
  'req.hdr': request.hdr,
  'req.hdr_cnt': request.cnt,
  'req.hdr_ip': request.ip,
  'req.hdr_names': request.names,
  'req.hdr_val': request.val,
  'req.fhdr': request.fhdr,
  'req.fhdr_cnt': request.fhdrCnt,
  'req.hdrs': request.hdrs,
  'res.hdr': response.hdr,
  'res.hdr_cnt': response.cnt,
  'res.hdr_ip': response.ip,
  'res.hdr_names': response.names,
  'res.hdr_val': response.val,
  'res.fhdr': response.fhdr,
  'res.fhdr_cnt': response.fhdrCnt,
  'res.hdrs': response.hdrs,
  shdr: response.hdr,
  shdr_cnt: response.cnt,
  shdr_ip: response.ip,
  shdr_val: response.val,
};
