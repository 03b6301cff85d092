// The conversation with an agent (manual 5.2 "agent-check", "agent-send"): perhaps a string for it, then its line, which is
// found as it stands: what it means is for agent/. A line that never ends is no answer, also where the agent closes.

import type { Conversation, ConversationEffect, ConversationInput, Protocol } from '../conversation.ts';
import { found } from './script.ts';

/** HAProxy's default buffer: of a longer line nothing is taken. */
const MAX_LINE_BYTES = 16_384;

export function agentProtocol(greeting: string): Protocol {
  const bytes = Buffer.from(greeting, 'latin1');
  return { closesByReset: false, begin: () => new AgentConversation(bytes) };
}

class AgentConversation implements Conversation {
  readonly timeoutStatus = 'L7TOUT';
  readonly #greeting: Buffer;
  #line = '';

  constructor(greeting: Buffer) {
    this.#greeting = greeting;
  }

  handle(input: ConversationInput): readonly ConversationEffect[] {
    switch (input.type) {
      case 'connected':
        return this.#greeting.length === 0 ? [] : [{ type: 'send', bytes: this.#greeting }];
      case 'data': {
        if (this.#line.length >= MAX_LINE_BYTES) return [];
        this.#line += input.bytes.toString('latin1');
        const end = this.#line.search(/[\r\n]/);
        return end < 0 || end >= MAX_LINE_BYTES ? [] : [found('CHECKED', this.#line.slice(0, end))];
      }
      case 'end':
        return this.#line === '' ? [found('L7RSP', 'TCPCHK got an empty response at step 2')] : [];
      case 'exited':
        return [];
    }
  }
}
