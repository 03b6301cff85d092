// A service answers a request in place of a server: the statistics page, the Prometheus exporter, scripts. It sees the
// request's head and, as far as it asked for it, its body, and writes a response; the transaction does all framing,
// backpressure, rules and logging as for a server.
import type { LogContext } from '@evenkeel/expr';
import type { HeaderList, RequestHead } from '@evenkeel/http';

/** What answers instead of a server. One object per generation and thread; it keeps nothing of a request but in the exchange. */
export interface Service {
  /** What the log prints as server name, like `<STATS>`. */
  readonly name: string;
  /** Largest request body that is collected before `serve` is called; 0: not waited for. Longer ones are refused with 413. */
  readonly maxBodyBytes: number;
  serve(exchange: ServiceExchange): void;
}

/** One request in the hands of a service. */
export interface ServiceExchange {
  readonly context: LogContext;
  readonly request: RequestHead;
  /** The collected body, empty if none was asked for. */
  readonly body: Buffer;
  /** Sends the head. Without `content-length` in `headers` the body is chunked (closed for HTTP/1.0). At most once. */
  writeHead(status: number, reason: string, headers: HeaderList): void;
  /** Sends body bytes; false: wait for `onDrain` before more. Ignored for HEAD. */
  write(data: Buffer): boolean;
  /** Completes the response. */
  end(): void;
  /** Called when more may be written. */
  onDrain: (() => void) | undefined;
  /** Called once if the client went away before `end`. */
  onAbort: (() => void) | undefined;
}
