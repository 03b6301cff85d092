// The request target in its four forms (RFC 9112, 3.2) and the parts of it that rules read and replace. Works on text
// only; does not decode percent-encoding. Parts are cut as HAProxy's `path`, `pathq`, `query` and `base` cut them.

/** RFC 9112, 3.2.1 to 3.2.4. */
export type TargetForm = 'origin' | 'absolute' | 'authority' | 'asterisk';

/** The parts of one request target. Absent parts are empty strings. */
export interface RequestTarget {
  readonly form: TargetForm;
  /** Scheme of the absolute form as written (`http`), without `://`. */
  readonly scheme: string;
  /** Authority of the absolute and authority forms, with userinfo and port as written. */
  readonly authority: string;
  /** Path, from its `/` up to the first `?`; empty in asterisk and authority form and when the absolute form has none. */
  readonly path: string;
  /** What follows the first `?`; empty when there is none. */
  readonly query: string;
  /** Path with `?` and query; empty when there is no path. */
  readonly pathWithQuery: string;
}

/** Which form a target has. `CONNECT` targets are always an authority. */
export function targetForm(method: string, uri: string): TargetForm {
  if (method === 'CONNECT') return 'authority';
  const first = uri.charCodeAt(0);
  if (first === 47) return 'origin';
  if (uri === '*') return 'asterisk';
  return uri.includes('://') ? 'absolute' : 'authority';
}

/** Splits a target that the parser has accepted. */
export function parseTarget(method: string, uri: string): RequestTarget {
  const form = targetForm(method, uri);
  if (form === 'authority') return { form, scheme: '', authority: uri, path: '', query: '', pathWithQuery: '' };
  let scheme = '';
  let authority = '';
  let pathStart = 0;
  if (form === 'absolute') {
    const schemeEnd = uri.indexOf('://');
    const end = authorityEnd(uri, schemeEnd + 3);
    scheme = uri.slice(0, schemeEnd);
    authority = uri.slice(schemeEnd + 3, end);
    pathStart = end;
  }
  const mark = uri.indexOf('?', pathStart);
  const query = mark < 0 ? '' : uri.slice(mark + 1);
  if (uri.charCodeAt(pathStart) !== 47) return { form, scheme, authority, path: '', query, pathWithQuery: '' };
  const path = uri.slice(pathStart, mark < 0 ? uri.length : mark);
  return { form, scheme, authority, path, query, pathWithQuery: pathStart === 0 ? uri : uri.slice(pathStart) };
}

/** End of the authority that starts at `start`: the next `/` or `?`, or the end. */
function authorityEnd(uri: string, start: number): number {
  for (let i = start; i < uri.length; i++) {
    const code = uri.charCodeAt(i);
    if (code === 47 || code === 63) return i;
  }
  return uri.length;
}

/** Where the path starts: 0 in origin form, behind the authority in absolute form; -1 when there is no path. */
function pathOffset(uri: string): number {
  if (uri.charCodeAt(0) === 47) return 0;
  const schemeEnd = uri.indexOf('://');
  if (schemeEnd < 0) return -1;
  const start = authorityEnd(uri, schemeEnd + 3);
  return uri.charCodeAt(start) === 47 ? start : -1;
}

/**
 * The target with another path; scheme, authority and query stay (`http-request set-path`). A target without a path
 * (`*`, `http://host`) is replaced as a whole.
 */
export function replacePath(uri: string, path: string): string {
  const start = pathOffset(uri);
  if (start < 0) return path;
  const mark = uri.indexOf('?', start);
  return uri.slice(0, start) + path + (mark < 0 ? '' : uri.slice(mark));
}

/** The target with another path and query (`http-request set-pathq`). Without a path it is replaced as a whole. */
export function replacePathWithQuery(uri: string, pathWithQuery: string): string {
  const start = pathOffset(uri);
  return start < 0 ? pathWithQuery : uri.slice(0, start) + pathWithQuery;
}

/** The target with another query, given without `?` (`http-request set-query`). An empty query goes with its mark. */
export function replaceQuery(uri: string, query: string): string {
  const mark = uri.indexOf('?');
  const front = mark < 0 ? uri : uri.slice(0, mark);
  return query === '' ? front : front + '?' + query;
}

/** The authority part without userinfo: what `Host` must agree with. */
export function hostOfAuthority(authority: string): string {
  return authority.slice(authority.lastIndexOf('@') + 1);
}
