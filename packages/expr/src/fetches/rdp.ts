/** The cookie of a remote desktop client at the start of a connection of mode tcp (manual section 7.3.5, "req.rdp_cookie"). */

import type { SampleContext } from '../context.ts';
import { readRdpCookie, type RdpCookie } from '../rdp-cookie.ts';
import type { Value } from '../values.ts';
import type { FetchCompiler } from './fetch.ts';

const NOTHING_YET: RdpCookie = { value: undefined, isFinal: false };

function fromCookie(read: (cookie: RdpCookie) => Value | undefined): FetchCompiler {
  return ([name]) => {
    const wanted = name === undefined || name === '' ? undefined : String(name);
    const cookieOf = ({ requestBuffer }: SampleContext): RdpCookie =>
      requestBuffer === undefined ? NOTHING_YET : readRdpCookie(requestBuffer, wanted);
    return {
      get: (context) => read(cookieOf(context)),
      pending: (context) => !cookieOf(context).isFinal,
    };
  };
}

const cookie = fromCookie(({ value }) => value);

/** 1 where there is one, else 0. */
const count = fromCookie(({ value }) => (value === undefined ? 0 : 1));

export const RDP_FETCHES: Readonly<Record<string, FetchCompiler>> = {
  'req.rdp_cookie': cookie,
  rdp_cookie: cookie,
  'req.rdp_cookie_cnt': count,
  rdp_cookie_cnt: count,
};
