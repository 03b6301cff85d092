// What a check needs of a connection. The data plane's connections are like this; they are given from outside, because this
// package lies below that one.

export interface CheckConnection {
  /** The two ends; the address is empty where a transport has none (a Unix socket). */
  readonly local: ConnectionEnd;
  readonly remote: ConnectionEnd;
  write(bytes: Buffer): boolean;
  /** Starts reading. */
  resume(): void;
  /** Closes with FIN; what was not written yet is lost. */
  destroy(): void;
  /** Closes with RST where the transport has it. */
  reset(): void;
}

export interface ConnectionEnd {
  /** Numeric. */
  readonly address: string;
  readonly port: number;
}

/** Who hears of a connection. Nothing is heard from within a call of the owner's own. */
export interface CheckConnectionOwner {
  onConnect(): void;
  onData(bytes: Buffer): void;
  /** The peer sent FIN. */
  onEnd(): void;
  /** Everything written was handed to the kernel. */
  onDrain(): void;
  /** Once and last; `code` is an errno name. Also for a connection that could not be made. */
  onClose(error: { readonly code: string } | undefined): void;
}

/** Numeric address with port, or the path of a Unix socket. */
export interface ConnectionTarget {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  /** Where the connection comes from; undefined = what the system chooses. */
  readonly localAddress?: string;
}

/** Starts connecting; throws nothing. */
export type OpenCheckConnection = (target: ConnectionTarget, owner: CheckConnectionOwner) => CheckConnection;
