// Mails of `email-alert`, on their way to mailers: one connection at a time to each, what waits is bounded, and nobody waits for
// any of it. A mail that a mailer does not take is lost, as on HAProxy; the first loss and the first mail after it are said.

import net from 'node:net';
import type { MailAlert, Mailer } from './alert.ts';
import { SmtpConversation, type SmtpEffect } from './smtp.ts';

export interface MailSenderOptions {
  /** Epoch ms. */
  dateNow(): number;
  /** Something an operator should read: a mailer takes nothing, or takes mails again. */
  report(text: string): void;
}

/** Mails that wait for one mailer: enough for a backend of some hundred servers that falls as a whole, below a MiB. */
export const MAX_WAITING = 500;

interface Mail {
  readonly alert: MailAlert;
  readonly text: string;
}

interface Lane {
  readonly mailer: Mailer;
  readonly waiting: Mail[];
  isBusy: boolean;
  /** The last mail was not taken. */
  isFailing: boolean;
}

export class MailSender {
  readonly #options: MailSenderOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #sockets = new Set<net.Socket>();
  #isStopped = false;
  /** Mails that were given up, for want of room or of a mailer that takes them. */
  lost = 0;

  constructor(options: MailSenderOptions) {
    this.#options = options;
  }

  /** Hands a text to every mailer of the alert. */
  send(alert: MailAlert, text: string): void {
    if (this.#isStopped) return;
    for (const mailer of alert.mailers) {
      const lane = this.#lane(mailer);
      if (lane.waiting.length >= MAX_WAITING) this.#lose(lane, 'too many mails wait for it');
      else lane.waiting.push({ alert, text });
      this.#next(lane);
    }
  }

  /** Closes what is open; what waits is lost. */
  stop(): void {
    this.#isStopped = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#lanes.clear();
  }

  #lane(mailer: Mailer): Lane {
    const key = `${mailer.name} ${mailer.host} ${mailer.port}`;
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const lane: Lane = { mailer, waiting: [], isBusy: false, isFailing: false };
    this.#lanes.set(key, lane);
    return lane;
  }

  #next(lane: Lane): void {
    if (lane.isBusy || this.#isStopped) return;
    const mail = lane.waiting.shift();
    if (mail === undefined) return;
    lane.isBusy = true;
    this.#deliver(lane.mailer, mail, (why) => {
      lane.isBusy = false;
      if (why !== '') this.#lose(lane, why);
      else if (lane.isFailing) {
        lane.isFailing = false;
        this.#options.report(`Mailer ${lane.mailer.name} takes mails again.`);
      }
      this.#next(lane);
    });
  }

  #lose(lane: Lane, why: string): void {
    const { name, host, port } = lane.mailer;
    this.lost++;
    if (!lane.isFailing)
      this.#options.report(`Mailer ${name} (${host}:${port}) takes no mails: ${why}. They are lost.`);
    lane.isFailing = true;
  }

  #deliver({ host, port }: Mailer, { alert, text }: Mail, done: (why: string) => void): void {
    const conversation = new SmtpConversation(alert, text, this.#options.dateNow());
    const socket = new net.Socket();
    this.#sockets.add(socket);
    let isDone = false;
    const finish = (why: string): void => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      this.#sockets.delete(socket);
      socket.destroy();
      done(why);
    };
    const carryOut = (effects: readonly SmtpEffect[]): void => {
      for (const effect of effects) {
        if (effect.type === 'send') socket.write(effect.text, 'utf8');
        else finish(effect.why);
      }
    };
    const timer = setTimeout(() => finish(`nothing within ${alert.timeoutMs} ms`), alert.timeoutMs);
    timer.unref();
    socket
      .on('data', (chunk) => carryOut(conversation.handle(chunk.toString('latin1'))))
      .on('end', () => carryOut([conversation.handleEnd()]))
      .on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    socket.unref();
    socket.connect({ host, port });
  }
}
