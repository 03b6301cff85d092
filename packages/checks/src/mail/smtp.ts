// One mail over SMTP (RFC 5321) without I/O: replies of the mailer in, commands out. The order and the words are HAProxy
// 2.6.12's: HELO, one recipient, a text of one line that stands in the subject too.

import type { MailAlert } from './alert.ts';

export type SmtpEffect =
  | { readonly type: 'send'; readonly text: string }
  /** The mailer has taken the mail, or will not; `why` is empty where it has. The connection is to be closed. */
  | { readonly type: 'done'; readonly why: string };

/** A reply longer than this is no reply (RFC 5321 4.5.3.1.5 allows 512 bytes a line). */
const MAX_REPLY_BYTES = 8192;

interface Step {
  /** First digit of the reply that it waits for. */
  readonly expects: string;
  /** What it then says; undefined = the mail is done. */
  readonly says: string | undefined;
}

export class SmtpConversation {
  readonly #steps: readonly Step[];
  #at = 0;
  #input = '';
  #isTaken = false;

  /** `dateMs`: epoch ms, for the mail's head. */
  constructor({ hostname, from, to }: Pick<MailAlert, 'hostname' | 'from' | 'to'>, text: string, dateMs: number) {
    this.#steps = [
      { expects: '2', says: `HELO ${hostname}` },
      { expects: '2', says: `MAIL FROM:<${from}>` },
      { expects: '2', says: `RCPT TO:<${to}>` },
      { expects: '2', says: 'DATA' },
      { expects: '3', says: mailText(from, to, text, dateMs) },
      { expects: '2', says: 'QUIT' },
      { expects: '2', says: undefined },
    ];
  }

  /** Bytes of the mailer, as latin1 text. */
  handle(text: string): SmtpEffect[] {
    const effects: SmtpEffect[] = [];
    this.#input += text;
    for (let end = this.#input.indexOf('\n'); end >= 0; end = this.#input.indexOf('\n')) {
      const line = this.#input.slice(0, end).replace(/\r$/, '');
      this.#input = this.#input.slice(end + 1);
      // `250-…` is followed by more of the same reply.
      if (/^\d{3}-/.test(line)) continue;
      const effect = this.#take(line);
      effects.push(effect);
      if (effect.type === 'done') return effects;
    }
    if (this.#input.length > MAX_REPLY_BYTES) effects.push({ type: 'done', why: 'its answer is too long' });
    return effects;
  }

  /** The mailer closed the connection. */
  handleEnd(): SmtpEffect {
    // Some close without an answer to QUIT: the mail is theirs by then.
    return { type: 'done', why: this.#isTaken ? '' : 'it closed the connection' };
  }

  #take(line: string): SmtpEffect {
    const step = this.#steps[this.#at++];
    if (!/^\d{3}( |$)/.test(line) || line[0] !== step.expects)
      return { type: 'done', why: this.#isTaken ? '' : `it answered '${line.slice(0, 100)}'` };
    if (step.says === 'QUIT') this.#isTaken = true;
    return step.says === undefined ? { type: 'done', why: '' } : { type: 'send', text: `${step.says}\r\n` };
  }
}

function mailText(from: string, to: string, text: string, dateMs: number): string {
  // A line that is a dot would end the mail (RFC 5321 4.5.2), and one of more than 998 characters is none (RFC 5322 2.1.1).
  const line = text.replaceAll(/[\r\n]+/g, ' ').slice(0, MAX_LINE);
  return [
    `From: ${from}`,
    `To: ${to}`,
    `Date: ${new Date(dateMs).toUTCString().replace('GMT', '+0000 (UTC)')}`,
    `Subject: [HAProxy Alert] ${line}`,
    '',
    line.startsWith('.') ? `.${line}` : line,
    '',
    '.',
  ].join('\r\n');
}

/** So that the subject fits into a line with its name. */
const MAX_LINE = 960;
