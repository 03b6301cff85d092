// Answers of `http-request return/deny/tarpit` and `http-response return/deny` (manual: "http-request return").
import type { LogContext } from '@evenkeel/expr'
import type { ErrorPage } from './pages.ts'

/** A compiled reply: made into a page when a rule fires. */
export interface ReplySpec {
  readonly status: number
  /** The answer for this request; formats are evaluated now. */
  make(context: LogContext): ErrorPage
}
