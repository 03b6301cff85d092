// Socket addresses as the kernel takes and gives them (struct sockaddr_in, sockaddr_in6, sockaddr_un).
import { AF_INET, AF_INET6, AF_UNIX } from './constants.ts';
import { SysError } from './errors.ts';
import { libc } from './native.ts';
import { constants } from 'node:os';

export type SocketAddress =
  | { readonly family: 'ipv4' | 'ipv6'; readonly address: string; readonly port: number }
  | { readonly family: 'unix'; /** '@name' for an abstract one, '' for an unnamed one. */ readonly path: string };

/** sizeof sun_path. */
const UNIX_PATH_BYTES = 108;
/** sizeof struct sockaddr_storage: room for any address. */
const STORAGE_BYTES = 128;

/** Throws SysError EINVAL for a text that is no numeric address (`%interface` is understood for IPv6). */
export function encodeInternetAddress(family: 'ipv4' | 'ipv6', address: string, port: number): Uint8Array {
  const [text, scope] = address.split('%', 2) as [string, string?];
  const bytes = Buffer.alloc(family === 'ipv4' ? 16 : 28);
  bytes.writeUInt16LE(family === 'ipv4' ? AF_INET : AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  const place = bytes.subarray(family === 'ipv4' ? 4 : 8, family === 'ipv4' ? 8 : 24);
  if (libc().inet_pton(family === 'ipv4' ? AF_INET : AF_INET6, text, place) !== 1)
    throw new SysError('inet_pton', constants.errno.EINVAL, `'${address}'`);
  if (scope !== undefined && family === 'ipv6') {
    const index = libc().if_nametoindex(scope);
    if (index === 0) throw new SysError('if_nametoindex', constants.errno.ENODEV, scope);
    bytes.writeUInt32LE(index, 24);
  }
  return bytes;
}

/**
 * A path, or '@name' for the abstract space. `padded` fills an abstract name with NUL to the full length, as HAProxy does
 * for `abns@`; the kernel compares lengths too. Throws SysError ENAMETOOLONG.
 */
export function encodeUnixAddress(path: string, padded: boolean): Uint8Array {
  const abstract = path.startsWith('@');
  const name = Buffer.from(path);
  if (abstract) name[0] = 0;
  // A path keeps one byte for its final NUL.
  if (name.length > UNIX_PATH_BYTES - (abstract ? 0 : 1))
    throw new SysError('bind', constants.errno.ENAMETOOLONG, path);
  const bytes = Buffer.alloc(2 + (abstract ? (padded ? UNIX_PATH_BYTES : name.length) : name.length + 1));
  bytes.writeUInt16LE(AF_UNIX, 0);
  name.copy(bytes, 2);
  return bytes;
}

/** Calls `ask` with room for an address and decodes what it filled in; undefined for other families. */
export function readAddress(ask: (address: Uint8Array, length: Uint32Array) => void): SocketAddress | undefined {
  const bytes = Buffer.alloc(STORAGE_BYTES);
  const length = Uint32Array.of(STORAGE_BYTES);
  ask(bytes, length);
  return decodeAddress(bytes.subarray(0, length[0]));
}

function decodeAddress(bytes: Buffer): SocketAddress | undefined {
  if (bytes.length < 2) return undefined;
  switch (bytes.readUInt16LE(0)) {
    case AF_INET:
      return { family: 'ipv4', address: bytes.subarray(4, 8).join('.'), port: bytes.readUInt16BE(2) };
    case AF_INET6:
      return { family: 'ipv6', address: formatIPv6(bytes.subarray(8, 24)), port: bytes.readUInt16BE(2) };
    case AF_UNIX:
      return { family: 'unix', path: decodePath(bytes.subarray(2)) };
    default:
      return undefined;
  }
}

function decodePath(name: Buffer): string {
  if (name.length === 0) return '';
  if (name[0] === 0) return `@${name.toString('utf8', 1).replace(/\0+$/, '')}`;
  const end = name.indexOf(0);
  return name.toString('utf8', 0, end < 0 ? name.length : end);
}

/** The text form of RFC 5952: lower case, the longest run of zero groups as '::', IPv4-mapped addresses with a dotted end. */
function formatIPv6(bytes: Buffer): string {
  if (bytes.readUInt32BE(0) === 0 && bytes.readUInt32BE(4) === 0 && bytes.readUInt32BE(8) === 0xffff)
    return `::ffff:${bytes.subarray(12).join('.')}`;
  const groups = Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(group * 2).toString(16)).join(':');
  const runs = groups.match(/\b0(?::0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  return longest === '' ? groups : groups.replace(new RegExp(`(?:^|:)${longest}(?:$|:)`), '::');
}
