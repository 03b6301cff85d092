/**
 * Answers kept in files (`errorfile`): a whole HTTP/1 response, checked when the configuration is read so that a broken one is found
 * then and not by a client. HAProxy's sentences.
 */

import type { ConfigHost } from '../host.ts';

export type FileResult =
  | { readonly ok: true; readonly content: string }
  | { readonly ok: false; readonly message: string; readonly expected: string };

/** HAProxy's default buffer, which an answer has to fit in. */
export const DEFAULT_BUFFER_BYTES = 16384;

/** The file's bytes as latin1 text. */
export function readReplyFile(path: string, host: ConfigHost): FileResult {
  const file = host.readFile(path);
  if (!file.ok)
    return { ok: false, message: `error opening file '${path}'`, expected: `a file that can be read (${file.reason})` };
  if (file.value.length > DEFAULT_BUFFER_BYTES) {
    const message = `file '${path}' exceeds the buffer size (${file.value.length} > ${DEFAULT_BUFFER_BYTES})`;
    return { ok: false, message, expected: `at most ${DEFAULT_BUFFER_BYTES} bytes` };
  }
  return { ok: true, content: file.value };
}

/** As `readReplyFile`, for a file that must hold a status line, headers and a body. An empty file closes without an answer. */
export function readErrorFile(path: string, host: ConfigHost): FileResult {
  const file = readReplyFile(path, host);
  if (!file.ok || file.content === '') return file;
  const fault = responseFault(file.content);
  return fault === undefined
    ? file
    : {
        ok: false,
        message: `'${path}': ${fault}`,
        expected: 'a whole HTTP response: status line, headers, empty line, body',
      };
}

function responseFault(content: string): string | undefined {
  const head = /^HTTP\/1\.[01] [2-5]\d\d(?: [^\r\n]*)?\r?\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*\r?\n)*)\r?\n/.exec(
    content,
  );
  if (head === null) return `unable to parse headers (error offset: ${headFaultOffset(content)})`;
  const lengths = [...head[1].matchAll(/^content-length:[ \t]*(\d+)[ \t]*\r?$/gim)].map((match) => Number(match[1]));
  const [announced] = lengths;
  const size = content.length - head[0].length;
  if (/^transfer-encoding:/im.test(head[1])) return 'transfer-encoding is not allowed in an error file';
  if (announced !== undefined && announced !== size)
    return `payload size does not match the announced content-length (${size} != ${announced})`;
  return undefined;
}

/** Start of the first line that is neither a status line nor a header. */
function headFaultOffset(content: string): number {
  const lines = content.split('\n');
  let offset = 0;
  for (const [index, line] of lines.entries()) {
    const good =
      index === 0 ? /^HTTP\/1\.[01] [2-5]\d\d( .*)?$/.test(line) : /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:/.test(line);
    if (!good) return offset;
    offset += line.length + 1;
  }
  return content.length;
}
