// The Redis check (manual: `option redis-check`): a PING, and the answer +PONG.

import type { Protocol } from '../conversation.ts';
import { firstLine, found, scripted } from './script.ts';

const PING = Buffer.from('*1\r\n$4\r\nPING\r\n');
const PONG = Buffer.from('+PONG\r\n');

export const redisProtocol: Protocol = scripted([
  { send: PING },
  {
    expect: {
      step: 2,
      timeoutStatus: 'L7TOUT',
      emptyStatus: 'L7STS',
      judge(received, isLast) {
        if (received.includes(PONG)) return found('L7OK', 'Redis server is ok');
        // Anything else may still be followed by the answer, until the server closes.
        return isLast ? found('L7STS', firstLine(received)) : 'more';
      },
    },
  },
]);
