// The TCP check: the connection is all there is to it (manual: server option `check`).

import type { Conversation, Protocol } from '../conversation.ts';

const CONNECTED = [{ type: 'found', status: 'L4OK', code: -1, info: '' }] as const;

const conversation: Conversation = {
  timeoutStatus: 'L4TOUT',
  handle: () => CONNECTED,
};

export const tcpProtocol: Protocol = {
  closesByReset: true,
  begin: () => conversation,
};
