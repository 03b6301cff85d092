/** Runtime sockets as operators' tools use them. */

import { connect, type NetConnectOpts } from 'node:net';

/** Writes `text` (commands end in newlines), and returns what comes until the other side closes. Rejects where nobody listens. */
export async function converse(target: NetConnectOpts, text: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(target);
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.once('error', reject);
    socket.once('close', () => resolve(answer));
    socket.write(text, 'latin1');
  });
}
