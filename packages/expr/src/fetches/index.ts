/** All fetches by name. A test compares them with the declarations of the configuration language. */

import { CONTENT_FETCHES } from './content.ts';
import { COOKIE_FETCHES } from './cookies.ts';
import type { FetchCompiler } from './fetch.ts';
import { HEADER_FETCHES } from './headers.ts';
import { CONNECTION_FETCHES, INTERNAL_FETCHES } from './internal.ts';
import { PROXY_FETCHES } from './proxies.ts';
import { RDP_FETCHES } from './rdp.ts';
import { REQUEST_FETCHES } from './request.ts';
import { VARIABLE_FETCHES } from './variables.ts';

export type { CompiledFetch, FetchCompiler, Getter, Iterator } from './fetch.ts';

export const FETCH_COMPILERS: ReadonlyMap<string, FetchCompiler> = new Map(
  [
    INTERNAL_FETCHES,
    PROXY_FETCHES,
    CONNECTION_FETCHES,
    HEADER_FETCHES,
    COOKIE_FETCHES,
    REQUEST_FETCHES,
    VARIABLE_FETCHES,
    RDP_FETCHES,
    CONTENT_FETCHES,
  ].flatMap((table) => Object.entries(table)),
);
