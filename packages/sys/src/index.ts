// @evenkeel/sys: the only caller of the C library. See each file's head for its concern. Importing costs nothing; the
// bridge is loaded at the first call in each thread. Works in main and in worker threads unless a function says otherwise.
// A worker must not be terminated during its first call (native.ts): it asks `support('native')` before it counts as running.
export { type SocketAddress } from './address.ts';
export { openClientSocket, type ClientSocketOptions } from './client.ts';
export {
  dropPrivileges,
  effectiveCapabilities,
  keepCapabilities,
  limitCapabilities,
  lookupGroup,
  lookupUser,
  ownerIds,
  type Capability,
  type GroupEntry,
  type Owner,
  type PrivilegeDrop,
  type UserEntry,
} from './credentials.ts';
export { notifyServiceManager, openDatagram, type Datagram, type DatagramTarget, type SendResult } from './datagram.ts';
export { DatagramQueue, type DatagramQueueOptions } from './datagram-queue.ts';
export { DescriptorWriter } from './descriptor-writer.ts';
export { SysError, UnsupportedError, errnoName, errnoText, reasonOf, type ErrnoName } from './errors.ts';
export { requireFeature, support, type Feature, type Support } from './feature.ts';
export { getResourceLimit, setResourceLimit, type Resource, type ResourceLimit } from './limits.ts';
export { lockFile } from './lock-file.ts';
export { openListener, setBacklog, type ListenerOptions } from './listener.ts';
export {
  closeFd,
  descriptorOf,
  dup,
  getPeerName,
  getSocketName,
  isCloseOnExec,
  isListening,
  isOpen,
  isSocket,
  setCloseOnExec,
  socketFamily,
  socketType,
  type SocketFamily,
} from './socket.ts';
export {
  bufferSizes,
  originalDestination,
  peerCredentials,
  setStreamOptions,
  tcpInfo,
  type KeepAliveOptions,
  type StreamOptions,
  type TcpInfo,
} from './stream.ts';
export { readSysctl, writeSysctl, type SysctlWrite } from './sysctl.ts';
export {
  exitAtOnce,
  getThreadAffinity,
  setThreadAffinity,
  setThreadName,
  setThreadNice,
  threadCpuNanoseconds,
  threadId,
  unblockSignal,
} from './thread.ts';
export { UnixListener, type UnixListenerOptions } from './unix-listener.ts';
