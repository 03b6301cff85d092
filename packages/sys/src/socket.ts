import type { Socket } from 'node:net'

export type SocketFamily = 'ipv4' | 'ipv6' | 'unix'
export type SocketAddress =
  | { readonly family: 'ipv4' | 'ipv6'; readonly address: string; readonly port: number }
  | { readonly family: 'unix'; /** '@name' for an abstract one, '' for an unnamed one. */ readonly path: string }

/** The descriptor below a Node socket or server, or -1 when it is closed or has none (TLS, JS streams). */
export declare function descriptorOf(socket: Socket | { readonly _handle?: unknown }): number
/** A close-on-exec copy. Throws SysError. */
export declare function dup(fd: number): number
export declare function closeFd(fd: number): void
export declare function setCloseOnExec(fd: number, on: boolean): void
export declare function isCloseOnExec(fd: number): boolean
export declare function isOpen(fd: number): boolean
export declare function isSocket(fd: number): boolean
/** SO_ACCEPTCONN: listen(2) was called on it. False for what is not a socket. */
export declare function isListening(fd: number): boolean
export declare function socketFamily(fd: number): SocketFamily | 'other'
export declare function socketType(fd: number): 'stream' | 'datagram' | 'other'
export declare function getSocketName(fd: number): SocketAddress
export declare function getPeerName(fd: number): SocketAddress
