// The registry of check protocols (manual: `option httpchk`, `option …-check`): one line for each.

import type { Check } from '@evenkeel/config';
import type { Protocol } from './conversation.ts';
import { httpProtocol } from './protocols/http.ts';
import { tcpProtocol } from './protocols/tcp.ts';

export function createProtocol(check: Check): Protocol {
  switch (check.type) {
    case 'tcp':
      return tcpProtocol;
    case 'http':
      return httpProtocol(check);
  }
}
