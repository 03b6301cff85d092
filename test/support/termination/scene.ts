/** What scenes of the termination table (manual, section 8.5) are made of. */

import type { Scene } from '../log-scenes.ts';
import type { Peer } from '../peer.ts';

/** The termination state that the last line of the scene shows. */
export interface TerminationScene extends Scene {
  readonly state: string;
  /** Where the two programs differ: what HAProxy logs, and why we do not. */
  readonly haproxy?: { readonly state: string; readonly why: string };
}

/** Scenes of one mode by their names. */
export type TerminationTable = Readonly<Record<string, Omit<TerminationScene, 'name' | 'mode'>>>;

export function scenesOf(mode: TerminationScene['mode'], table: TerminationTable): readonly TerminationScene[] {
  return Object.entries(table).map(([name, scene]) => ({ name, mode, ...scene }));
}

/** A time-out that is the event; the others are far away. */
export const SHORT = '600ms';

export const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

export const post = (length: number, body: string): string =>
  `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n${body}`;

/** The server reads a request's head and then does this. */
export const afterHead =
  (act: (server: Peer) => unknown) =>
  async (server: Peer): Promise<void> => {
    await server.until('\r\n\r\n');
    await act(server);
  };
export const answers = (text: string): Scene['serve'] => afterHead((server) => server.send(text));
export const silent: Scene['serve'] = afterHead(() => undefined);

/** One client sends `request` and waits for the end of its connection, or for `until`. */
export const ask =
  (request: string, until?: string): Scene['act'] =>
  async ({ client }) => {
    const peer = (await client()).send(request);
    await (until === undefined ? peer.gone() : peer.until(until));
  };
