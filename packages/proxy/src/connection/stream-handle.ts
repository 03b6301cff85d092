// The thin door to libuv's stream handles, which lie below every `net.Socket`. Knows what the runtime offers and nothing of
// connections.
//
// Why below `net.Socket`: a socket of Node carries two stream state machines and an event emitter. A relayed connection
// that was opened and closed cost 40 % more CPU through them, and an idle one several times the memory. The handles have
// no public name, so their shape is checked once here, on real objects; where anything is missing (another Node), the data
// plane falls back to `net.Socket` with the same behaviour (socket-connection.ts).

/** What a read, a write or a connect of a handle reports: a negative errno as libuv numbers it. */
export type UvStatus = number;

export interface StreamHandle {
  readonly fd: number;
  /** Bytes accepted by a write and not yet taken by the kernel. */
  readonly writeQueueSize: number;
  /** Called after bytes were read into the user buffer; length or error stands in `streamState`. Returns the buffer for the next read, undefined for the same. */
  onread: (this: StreamHandle) => Uint8Array | undefined;
  /** Makes reads go to memory of ours. The caller keeps it alive: the handle only has its address. */
  useUserBuffer(buffer: Uint8Array): void;
  /** The Connection that this handle belongs to. */
  evenkeelConnection: unknown;
  readStart(): UvStatus;
  readStop(): UvStatus;
  writeBuffer(request: WriteRequest, chunk: Uint8Array): UvStatus;
  writeLatin1String(request: WriteRequest, text: string): UvStatus;
  shutdown(request: ShutdownRequest): UvStatus;
  close(callback?: () => void): void;
  ref(): void;
  unref(): void;
}

export interface TcpHandle extends StreamHandle {
  open(fd: number): UvStatus;
  connect(request: ConnectRequest, address: string, port: number): UvStatus;
  connect6(request: ConnectRequest, address: string, port: number): UvStatus;
  bind(address: string, port: number): UvStatus;
  bind6(address: string, port: number, flags: number): UvStatus;
  setNoDelay(on: boolean): UvStatus;
  getpeername(out: AddressOut): UvStatus;
  getsockname(out: AddressOut): UvStatus;
  /** Closes with RST; an error while a shutdown is under way. */
  reset(callback?: () => void): UvStatus;
}

export interface PipeHandle extends StreamHandle {
  open(fd: number): UvStatus;
  connect(request: ConnectRequest, path: string): UvStatus;
}

export interface AddressOut {
  address?: string;
  port?: number;
  family?: string;
}

export interface WriteRequest {
  oncomplete: (this: WriteRequest, status: UvStatus, handle: StreamHandle) => void;
  handle: StreamHandle;
  /** Kept alive until the write is done. */
  chunk: Uint8Array | undefined;
  /** The read slab that the chunk lies in. */
  slab: unknown;
  bytes: number;
}
export interface ShutdownRequest {
  oncomplete: (this: ShutdownRequest, status: UvStatus) => void;
  handle: StreamHandle;
}
export interface ConnectRequest {
  oncomplete: (this: ConnectRequest, status: UvStatus, handle: StreamHandle) => void;
}

export interface StreamHandles {
  readonly TCP: new (type: number) => TcpHandle;
  readonly Pipe: new (type: number) => PipeHandle;
  readonly TCPConnectWrap: new () => ConnectRequest;
  readonly PipeConnectWrap: new () => ConnectRequest;
  readonly WriteWrap: new () => WriteRequest;
  readonly ShutdownWrap: new () => ShutdownRequest;
  /** Results of the call that is under way, at the two indexes below. */
  readonly streamState: Int32Array;
  readonly readBytesOrErrorAt: number;
  readonly lastWriteWasAsyncAt: number;
  readonly tcpSocketType: number;
  readonly pipeSocketType: number;
  /** errno name of a negative status: `ECONNRESET`. */
  errname(status: UvStatus): string;
  /** The status that stands for end of file. */
  readonly endOfFile: UvStatus;
}

type Binding = Record<string, unknown>;

/** The handles of this runtime, or undefined where they are not as described above. */
export function loadStreamHandles(): StreamHandles | undefined {
  try {
    const binding = (process as unknown as { binding(name: string): Binding }).binding;
    const tcp = binding('tcp_wrap');
    const pipe = binding('pipe_wrap');
    const stream = binding('stream_wrap');
    const uv = binding('uv');
    const handles = {
      TCP: tcp.TCP,
      Pipe: pipe.Pipe,
      TCPConnectWrap: tcp.TCPConnectWrap,
      PipeConnectWrap: pipe.PipeConnectWrap,
      WriteWrap: stream.WriteWrap,
      ShutdownWrap: stream.ShutdownWrap,
      streamState: stream.streamBaseState,
      readBytesOrErrorAt: stream.kReadBytesOrError,
      lastWriteWasAsyncAt: stream.kLastWriteWasAsync,
      tcpSocketType: (tcp.constants as Record<string, unknown>).SOCKET,
      pipeSocketType: (pipe.constants as Record<string, unknown>).SOCKET,
      errname: uv.errname,
      endOfFile: uv.UV_EOF,
    } as unknown as StreamHandles;
    return isAsDescribed(handles) ? handles : undefined;
  } catch {
    return undefined;
  }
}

function isAsDescribed(handles: StreamHandles): boolean {
  const numbers = [
    handles.readBytesOrErrorAt,
    handles.lastWriteWasAsyncAt,
    handles.tcpSocketType,
    handles.pipeSocketType,
    handles.endOfFile,
  ];
  if (numbers.some((value) => typeof value !== 'number') || !(handles.streamState instanceof Int32Array)) return false;
  const probe = new handles.TCP(handles.tcpSocketType);
  const methods = [
    'readStart',
    'readStop',
    'writeBuffer',
    'writeLatin1String',
    'shutdown',
    'close',
    'reset',
    'connect',
    'connect6',
    'bind',
    'bind6',
    'open',
    'setNoDelay',
    'getpeername',
    'getsockname',
    'useUserBuffer',
  ];
  const complete = methods.every((name) => typeof (probe as unknown as Record<string, unknown>)[name] === 'function');
  probe.close();
  return complete && typeof handles.errname === 'function';
}
