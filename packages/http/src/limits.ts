// What the caller decides about a head before it is parsed. Plain data made once per proxy; nothing here is per message.

/** The knobs of one side's head parser. */
export interface HeadOptions {
  /** `option accept-invalid-http-request` for requests, `option accept-invalid-http-response` for responses. */
  readonly acceptInvalid: boolean;
  /** `tune.http.maxhdr`: one more than the largest number of header lines (default 101, range 1 to 32767). */
  readonly maxHeaders: number;
  /** `h1-accept-payload-with-any-method`: lets HTTP/1.0 GET, HEAD and DELETE requests have a body (else 413). */
  readonly acceptPayload?: boolean;
}

/** `tune.http.maxhdr` when the configuration does not say (configuration.txt, 3.2 "Performance tuning"). */
export const defaultMaxHeaders = 101;

/** Options of a proxy that sets nothing. */
export const defaultHeadOptions: HeadOptions = {
  acceptInvalid: false,
  maxHeaders: defaultMaxHeaders,
  acceptPayload: false,
};
