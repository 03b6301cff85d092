// @evenkeel/sys: the only caller of the C library. See each file's head for its concern.
export { SysError, UnsupportedError, errnoName, type ErrnoName } from './errors.ts'
export { requireFeature, support, type Feature, type Support } from './feature.ts'
export { openListener, type ListenerOptions } from './listener.ts'
export {
  closeFd, descriptorOf, dup, getPeerName, getSocketName, isCloseOnExec, isListening, isOpen, isSocket, setCloseOnExec,
  socketFamily, socketType, type SocketAddress, type SocketFamily,
} from './socket.ts'
export { originalDestination, peerCredentials, setStreamOptions, tcpInfo, type StreamOptions, type TcpInfo } from './stream.ts'
export { openClientSocket, type ClientSocketOptions } from './client.ts'
export { getResourceLimit, setResourceLimit, type Resource, type ResourceLimit } from './limits.ts'
export {
  dropPrivileges, effectiveCapabilities, lookupGroup, lookupUser, type Capability, type PrivilegeDrop,
} from './credentials.ts'
export { getThreadAffinity, setThreadAffinity, setThreadName, setThreadNice, threadCpuNanoseconds, threadId } from './thread.ts'
export { notifyServiceManager, openDatagram, type Datagram, type DatagramTarget, type SendResult } from './datagram.ts'
export { readSysctl, writeSysctl, type SysctlWrite } from './sysctl.ts'
