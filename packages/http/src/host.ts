// Agreement between the request target and `Host` (RFC 9112, 3.2 and 3.3), and the canonical form of both: a default port
// in the target is dropped from the target and from `Host`, as HAProxy does. Servers choose differently between the
// two, so a request on which they disagree is refused, in every mode.
import { allIn, hostByte } from './chars.ts';
import type { HeadErrorCode } from './head-error.ts';
import type { HeaderList } from './header-list.ts';
import { hostOfAuthority } from './target.ts';

/** Outcome for one request: an error, or the target as it shall be forwarded. */
export type HostCheck = { readonly code: HeadErrorCode } | { readonly uri: string };

/**
 * Drops repeated `host` fields that agree but for case; a second one that differs is an error. (HAProxy's rule; RFC 9112,
 * 3.2 would refuse both.)
 */
export function mergeHosts(headers: HeaderList): HeadErrorCode | undefined {
  const first = headers.indexOf('host');
  const value = headers.valueAt(first);
  for (let index = headers.indexOf('host', first + 1); index >= 0; index = headers.indexOf('host', index)) {
    if (headers.valueAt(index).toLowerCase() !== value.toLowerCase()) return 'differing-hosts';
    headers.removeAt(index);
  }
  return isHost(value) ? undefined : 'bad-host';
}

/** Whether `value` holds only bytes of a host with port; empty is allowed (RFC 9110, 7.2). */
export function isHost(value: string): boolean {
  return allIn(hostByte, value, 0, value.length);
}

/**
 * Checks an absolute target `uri` against the `host` field at `hostIndex` (-1: none) and brings both into canonical form.
 * Refused besides disagreement: an empty host, more than one `@`, and bytes that end a host for some servers only.
 */
export function checkAbsoluteTarget(uri: string, headers: HeaderList, hostIndex: number): HostCheck {
  const schemeEnd = uri.indexOf('://');
  const scheme = uri.slice(0, schemeEnd).toLowerCase();
  if (!isScheme(scheme)) return { code: 'bad-target' };
  const start = schemeEnd + 3;
  const slash = uri.indexOf('/', start);
  const end = slash < 0 ? uri.length : slash;
  const authority = uri.slice(start, end);
  const host = hostOfAuthority(authority);
  const userinfo = authority.slice(0, authority.length - host.length);
  if (userinfo !== '' && !isHost(userinfo.slice(0, -1))) return { code: 'bad-target' };
  const bare = withoutDefaultPort(host, scheme === 'http' ? '80' : scheme === 'https' ? '443' : '');
  if (bare === '' || bare.startsWith(':') || !isHost(host)) return { code: 'bad-target' };
  if (hostIndex >= 0) {
    const field = headers.valueAt(hostIndex);
    const code = agree(field, bare, scheme);
    if (code !== undefined) return { code };
    if (bare !== host && field !== bare) headers.replaceValueAt(hostIndex, bare);
  }
  return { uri: bare === host ? uri : uri.slice(0, start) + userinfo + bare + uri.slice(end) };
}

/**
 * Checks the target of CONNECT, `host:port` (RFC 9110, 9.3.6), against the `host` field at `hostIndex`. The port must be 1 to
 * 65535. The target stays; a default port in it is dropped from `Host`.
 */
export function checkConnectTarget(uri: string, headers: HeaderList, hostIndex: number): HostCheck {
  const mark = uri.lastIndexOf(':');
  const port = uri.slice(mark + 1);
  if (mark < 1 || !/^[0-9]{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535 || !isHost(uri))
    return { code: 'bad-target' };
  const bare = port === '80' || port === '443' ? uri.slice(0, mark) : uri;
  if (hostIndex >= 0) {
    const field = headers.valueAt(hostIndex);
    const same = field.toLowerCase() === uri.toLowerCase() || field.toLowerCase() === bare.toLowerCase();
    if (!same) return { code: 'host-mismatch' };
    if (field !== bare && bare !== uri) headers.replaceValueAt(hostIndex, bare);
  }
  return { uri };
}

function agree(field: string, bare: string, scheme: string): HeadErrorCode | undefined {
  const fieldBare = withoutDefaultPort(field, scheme === 'http' ? '80' : scheme === 'https' ? '443' : '');
  return fieldBare.toLowerCase() === bare.toLowerCase() ? undefined : 'host-mismatch';
}

/** `host` without `:` or `:port` when that is the scheme's default (`port` empty: no default, nothing is dropped). */
function withoutDefaultPort(host: string, port: string): string {
  if (port === '') return host;
  if (host.endsWith(':')) return host.slice(0, -1);
  return host.endsWith(':' + port) ? host.slice(0, -port.length - 1) : host;
}

function isScheme(scheme: string): boolean {
  return /^[a-z][a-z0-9+.-]*$/.test(scheme);
}
