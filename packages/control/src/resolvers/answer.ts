/** What a name server says of a name, in the words of `hold` (manual section 5.3.2). Shared by the files of this folder. */

/** `timeout` is also a name server that cannot be reached. */
export type AnswerFailure = 'nx' | 'refused' | 'timeout' | 'other';

export type Answer<Found> =
  | { readonly status: 'valid'; readonly records: readonly Found[]; readonly from: string }
  | { readonly status: AnswerFailure; readonly from: string };

/** One SRV record (RFC 2782). */
export interface ServiceRecord {
  readonly target: string;
  readonly port: number;
  readonly weight: number;
}
