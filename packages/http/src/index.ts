// HTTP/1 without I/O: heads, bodies, header lists, targets. Bytes and text in, values out.
//
// The usual way of a message: `skipEmptyLines`, `readRequestHead`, rules on the head, `serializeRequest`, `createBodyReader`; then
// `readResponseHead`, rules, `serializeResponse`, `createBodyReader`.
export { defaultHeadOptions, defaultMaxHeaders, type HeadOptions } from './limits.ts';
export { HeadError, type BodyErrorCode, type ErrorSide, type HeadErrorCode } from './head-error.ts';
export { HeaderList, type CaseMap } from './header-list.ts';
export { ListValueCursor, countListValues, fieldValue, listValue } from './list-values.ts';
export {
  parseTarget,
  replacePath,
  replacePathWithQuery,
  replaceQuery,
  type RequestTarget,
  type TargetForm,
} from './target.ts';
export { findHeadEnd, skipEmptyLines } from './head-end.ts';
export { RequestHead, makeRequestHead, type RequestFacts, type RequestFraming } from './request-head.ts';
export { parseRequestHead, readRequestHead } from './parse-request.ts';
export { ResponseHead, makeResponseHead, type ResponseFacts, type ResponseFraming } from './response-head.ts';
export { parseResponseHead, readResponseHead, type RequestedMessage } from './parse-response.ts';
export { CountingReader, createBodyReader, type BodyLimits, type BodyReader } from './body-reader.ts';
export { ChunkedReader } from './chunked-reader.ts';
export { chunkEnd, encodeChunkHeader, encodeLastChunk, lastChunk } from './chunk-encoder.ts';
export { serializeRequest, serializeResponse, type ConnectionMode } from './serialize.ts';
