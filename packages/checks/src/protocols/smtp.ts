// The SMTP check (manual: `option smtpchk`; RFC 5321): the greeting, HELO or EHLO, QUIT; each answer a code of the 200s. An
// answer is read to the end of its last line, so that nothing of it is left for the next one, however it arrives.

import type { Protocol } from '../conversation.ts';
import { firstLine, found, scripted, type Expectation, type Finding } from './script.ts';

/** A code, and the blank or line end that follows it on the last line of a reply. */
const REPLY_BYTES = 4;
const ANY_REPLY = /^\d{3}[ \r]/;
const GOOD_REPLY = /^2\d\d[- \r]/;
/** Lines that are followed by others, then the last one. */
const GOOD_LINES = /^(?:2\d\d-[^\r\n]*\r?\n)*2\d\d(?: [^\n]*|\r)\n/;

/** `command` is the greeting with its argument: `HELO localhost`. */
export function smtpProtocol(command: string): Protocol {
  return scripted([
    { expect: banner },
    { send: Buffer.from(`${command}\r\n`, 'latin1') },
    { expect: greeted },
    { send: Buffer.from('QUIT\r\n') },
    { expect: goodbye },
  ]);
}

const banner: Expectation = {
  step: 2,
  timeoutStatus: 'L7TOUT',
  emptyStatus: 'L7RSP',
  judge(received, isLast) {
    if (received.length < REPLY_BYTES && !isLast) return 'more';
    const text = received.toString('latin1');
    if (!ANY_REPLY.test(text)) return found('L7RSP', firstLine(received));
    if (!text.includes('\n') && !isLast) return 'more';
    return text.startsWith('2') ? 'next' : refusal(received);
  },
};

const greeted: Expectation = {
  step: 5,
  timeoutStatus: 'L7TOUT',
  emptyStatus: 'L7STS',
  judge(received, isLast) {
    // `220\r\n` without a word is good: the code is followed by what ends the line.
    if (GOOD_LINES.test(received.toString('latin1'))) return 'next';
    return isLast ? refusal(received) : 'more';
  },
};

const goodbye: Expectation = {
  step: 7,
  timeoutStatus: 'L7TOUT',
  emptyStatus: 'L7STS',
  judge(received, isLast) {
    if (received.length < REPLY_BYTES && !isLast) return 'more';
    const text = received.toString('latin1');
    if (!text.includes('\n') && !isLast) return 'more';
    return GOOD_REPLY.test(text) ? found('L7OK', textOf(received), codeOf(received)) : refusal(received);
  },
};

function refusal(received: Buffer): Finding {
  return found('L7STS', textOf(received), codeOf(received));
}

function codeOf(received: Buffer): number {
  return Number(/^\d{1,3}/.exec(received.toString('latin1', 0, 3))?.[0] ?? 0);
}

function textOf(received: Buffer): string {
  return firstLine(received, REPLY_BYTES).replace(/^ +/, '');
}
