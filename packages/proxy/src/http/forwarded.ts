// `option forwardfor` and `option originalto`: a header that tells the server which address the client came from, or went
// to (manual, "option forwardfor", "option originalto").
import { parseIpAddress, type IpAddress } from '@evenkeel/expr';
import type { HeaderList } from '@evenkeel/http';

/** One side's option. */
export interface ForwardedHeader {
  /** Lower case. */
  readonly name: string;
  readonly ifNone: boolean;
  /** Whether `address` lies in the network of `except`. */
  readonly isExempt: ((address: IpAddress) => boolean) | undefined;
}

export function compileForwardedHeader(name: string, except: string | undefined, ifNone: boolean): ForwardedHeader {
  return { name: name.toLowerCase(), ifNone, isExempt: except === undefined ? undefined : compileNetwork(except) };
}

/**
 * Appends the field as HAProxy does: always behind all others, as a field of its own. Either side's option turns it on; the
 * backend's name wins, since the header is meant for its servers; either side's `except` exempts; `if-none` holds only where
 * no side asks for the header in any case.
 */
export function addForwardedHeader(
  headers: HeaderList,
  frontend: ForwardedHeader | undefined,
  backend: ForwardedHeader | undefined,
  address: IpAddress | undefined,
): void {
  const option = backend ?? frontend;
  if (option === undefined || address === undefined) return;
  const isForced = (frontend !== undefined && !frontend.ifNone) || (backend !== undefined && !backend.ifNone);
  if (!isForced && headers.has(option.name)) return;
  if (frontend?.isExempt?.(address) === true || backend?.isExempt?.(address) === true) return;
  headers.add(option.name, address.text);
}

/** Membership in a network in CIDR form; a plain address is a network of one. */
function compileNetwork(text: string): (address: IpAddress) => boolean {
  const slash = text.indexOf('/');
  const network = parseIpAddress(slash < 0 ? text : text.slice(0, slash));
  if (network === undefined) throw new Error(`the parser let '${text}' pass as a network`);
  const width = network.family === 4 ? 32 : 128;
  const prefix = slash < 0 ? width : prefixLength(text.slice(slash + 1), width);
  // The words of IPv4 are those of its mapped form, so that one comparison serves both.
  const bits = network.family === 4 ? prefix + 96 : prefix;
  const masks = [0, 1, 2, 3].map((word) => wordMask(bits - word * 32));
  return (address) =>
    address.family === network.family &&
    ((address.w0 ^ network.w0) & masks[0]) === 0 &&
    ((address.w1 ^ network.w1) & masks[1]) === 0 &&
    ((address.w2 ^ network.w2) & masks[2]) === 0 &&
    ((address.w3 ^ network.w3) & masks[3]) === 0;
}

/** `24`, or a dotted mask `255.255.255.0`. */
function prefixLength(text: string, width: number): number {
  if (!text.includes('.')) return Math.min(Number(text), width);
  const mask = parseIpAddress(text);
  return mask === undefined ? width : Math.clz32(~mask.w3);
}

function wordMask(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : ~(-1 >>> bits);
}
