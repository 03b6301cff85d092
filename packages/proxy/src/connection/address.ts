// Socket addresses as both kinds of connection report them.
import type { PeerAddress } from '../connection.ts';

export const NO_ADDRESS: PeerAddress = { address: '', port: 0, family: 0 };

/** What the kernel said about one end; NO_ADDRESS where it said nothing (Unix sockets, closed ones). */
export function peerAddress(address: string | undefined, port: number | undefined): PeerAddress {
  if (address === undefined || port === undefined) return NO_ADDRESS;
  return { address, port, family: address.includes(':') ? 6 : 4 };
}
