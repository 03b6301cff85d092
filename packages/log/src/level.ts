/** Syslog severities (RFC 5424 section 6.2.1), by HAProxy's names. */
export const LogLevel = { emerg: 0, alert: 1, crit: 2, err: 3, warning: 4, notice: 5, info: 6, debug: 7 } as const;
