// What a check protocol is: a conversation without I/O. `protocols/` holds one file for each, `protocols.ts` the registry;
// `ruleset/` has the engine of conversations that are written as a list of steps. Time-outs, socket errors and the
// connection itself are the run's (run.ts): a conversation only says what to send and what the answers mean.

import type { ProxyView, ServerView } from '@evenkeel/expr';
import type { CheckStatus } from './status.ts';

export type ConversationInput =
  | { readonly type: 'connected' }
  | { readonly type: 'data'; readonly bytes: Buffer }
  /** The server closed its side in order. */
  | { readonly type: 'end' }
  /** The program that 'execute' started is over. */
  | { readonly type: 'exited'; readonly exit: ProgramExit };

export type ConversationEffect =
  /** Opens a connection in place of the one that there was; 'connected' is the next input, or the check fails. */
  | { readonly type: 'connect'; readonly options: ConnectOptions }
  | { readonly type: 'send'; readonly bytes: Buffer }
  /** Runs a program in place of a connection; 'exited' is the next input. */
  | { readonly type: 'execute'; readonly call: ProgramCall }
  /** The verdict. `code` is -1 where there is none; `info` is what the server said, or where it went wrong; may be empty. */
  | { readonly type: 'found'; readonly status: CheckStatus; readonly code: number; readonly info: string };

/** Where a check connects to: `host` is numeric. */
export type CheckAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** How to open a connection (manual: `tcp-check connect`, and the server options about checks). */
export interface ConnectOptions {
  readonly address: CheckAddress;
  /** Begins with a PROXY line. */
  readonly sendProxy: boolean;
  /** Goes through this SOCKS4 proxy. */
  readonly socks4: { readonly host: string; readonly port: number } | undefined;
}

/** A program to run, without a shell. */
export interface ProgramCall {
  /** A path, or a name that is looked for in PATH of `environment`. */
  readonly command: string;
  readonly arguments: readonly string[];
  /** All of it. */
  readonly environment: Readonly<Record<string, string>>;
  /** What it prints is for the conversation; else it goes where this process prints. */
  readonly keepsOutput: boolean;
}

export type ProgramExit =
  | { readonly type: 'status'; readonly status: number; readonly output: string }
  | { readonly type: 'signal'; readonly signal: string }
  /** It could not be started: errno name. */
  | { readonly type: 'failure'; readonly code: string };

/** One conversation with one server; made for each check. */
export interface Conversation {
  /** What a time-out on the established connection means: `L4TOUT`, `L7TOUT` … Asked when it happens. */
  readonly timeoutStatus: CheckStatus;
  /** Where the conversation stands, put behind what is said of time-outs and socket errors: ` at step 2 of tcp-check (send)`. */
  readonly position?: string;
  /** Whether the connection that there is now ends by RST; without it as the protocol says. */
  readonly closesByReset?: boolean;
  /** What is found already while the conversation is only brought to its end; a time-out or an error then means this. */
  readonly settled?: Extract<ConversationEffect, { readonly type: 'found' }> | undefined;
  /** What to do before there is a connection. Without it one opens as the server line says (`check-send-proxy` …). */
  start?(): readonly ConversationEffect[];
  /** What to do, in order. Nothing is asked any more after 'found'. Never throws, whatever the server sends. */
  handle(input: ConversationInput): readonly ConversationEffect[];
}

/** The server that is checked, as rules and protocols may name it. */
export interface CheckSubject {
  readonly backend: ProxyView;
  readonly server: ServerView;
  /** Address and port of the server line itself; the address is numeric or a path, and empty where there is none. */
  readonly line: { readonly address: string; readonly port: number | undefined; readonly maxconn: number };
  /** Where and how the server line wants its checks to connect. */
  readonly connection: ConnectOptions;
  /** The SOCKS4 proxy of the server line, whether or not its checks go through it. */
  readonly socks4: ConnectOptions['socks4'];
  /** Value of `X-Haproxy-Server-State` as it is now (manual: `http-check send-state`). */
  stateText(): string;
  /** Whether it serves now, be it only what belongs to it (manual: `http-check disable-on-404`). */
  isUp(): boolean;
}

/** A protocol with its settings: makes conversations. */
export interface Protocol {
  /** Whether to close with RST: spares both sides the end of a connection that carried nothing. */
  readonly closesByReset: boolean;
  /** Its conversations start programs, of which only so many may run. */
  readonly runsPrograms?: true;
  begin(subject: CheckSubject): Conversation;
}
