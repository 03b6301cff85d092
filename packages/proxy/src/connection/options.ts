// Socket options that a connection is better for and lives without.
import { SysError, setStreamOptions, type StreamOptions } from '@evenkeel/sys';

/** Sets them; what the system refuses is left, as on HAProxy. */
export function tryOptions(descriptor: number, options: StreamOptions): void {
  if (descriptor < 0) return;
  try {
    setStreamOptions(descriptor, options);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
}

/** `tune.sndbuf.*` and `tune.rcvbuf.*` of one side; undefined where neither is set. */
export function bufferOptions(
  sendBytes: number | undefined,
  receiveBytes: number | undefined,
): StreamOptions | undefined {
  if (sendBytes === undefined && receiveBytes === undefined) return undefined;
  return {
    ...(sendBytes === undefined ? undefined : { sendBufferBytes: sendBytes }),
    ...(receiveBytes === undefined ? undefined : { receiveBufferBytes: receiveBytes }),
  };
}
