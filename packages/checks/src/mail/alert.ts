// What `email-alert` and its `mailers` section say, as one object for each backend that has both (manual 3.6, 4.2).

export interface Mailer {
  readonly name: string;
  /** Numeric, or a name that is resolved for each mail. */
  readonly host: string;
  readonly port: number;
}

export interface MailAlert {
  readonly mailers: readonly Mailer[];
  /** `timeout mail`: for the whole conversation, ms. */
  readonly timeoutMs: number;
  readonly from: string;
  readonly to: string;
  /** Syslog severity: lines of this one and graver ones are mailed. */
  readonly level: number;
  /** `email-alert myhostname`, or the host's name. */
  readonly hostname: string;
}
