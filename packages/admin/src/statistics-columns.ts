/**
 * The columns of `show stat` in their order, each with its type and its nature for the typed forms (management manual,
 * sections 9.1 and 9.2). Which kinds of row fill a column is the manual's [LFBS]; here it is decided by the row builders: a
 * column that a row does not name stays empty.
 */

/** `tags`: origin, nature and scope, as the manual abbreviates them in section 9.2. */
export interface Figure {
  readonly name: string;
  readonly tags: string;
  readonly type: 'str' | 'u32' | 's32' | 'u64';
  readonly description: string;
}

const STATIC = [
  ['pxname', 'KNS', 'str', 'Name of the proxy'],
  ['svname', 'KNS', 'str', 'FRONTEND, BACKEND, or the name of the server or listener'],
  ['qcur', 'MGP', 'u32', 'Requests that wait in the queue'],
  ['qmax', 'MMP', 'u32', 'Most requests that ever waited in the queue'],
  ['scur', 'MGP', 'u32', 'Sessions now'],
  ['smax', 'MMP', 'u32', 'Most sessions at one time'],
  ['slim', 'CLP', 'u32', 'Most sessions allowed: maxconn, for a backend fullconn'],
  ['stot', 'MCP', 'u64', 'Sessions so far'],
  ['bin', 'MCP', 'u64', 'Bytes of requests'],
  ['bout', 'MCP', 'u64', 'Bytes of responses'],
  ['dreq', 'MCP', 'u64', 'Requests denied by rules'],
  ['dresp', 'MCP', 'u64', 'Responses denied by rules'],
  ['ereq', 'MCP', 'u64', 'Requests that were invalid or never came complete'],
  ['econ', 'MCP', 'u64', 'Connections to servers that failed'],
  ['eresp', 'MCP', 'u64', 'Responses that were invalid or broken off'],
  ['wretr', 'MCP', 'u64', 'Connections to servers that were tried again'],
  ['wredis', 'MCP', 'u64', 'Requests that were sent to another server than the first'],
  [
    'status',
    'SGP',
    'str',
    'OPEN, FULL or STOP for frontends and listeners; UP, DOWN, MAINT and so on for servers and backends',
  ],
  ['weight', 'MaP', 'u32', 'Weight in effect; for a backend the sum of its servers'],
  ['act', 'SGP', 'u32', 'Active servers that take requests; for a server whether it is one'],
  ['bck', 'SGP', 'u32', 'Backup servers that take requests; for a server whether it is one'],
  ['chkfail', 'MCP', 'u64', 'Health checks that failed while the server was up'],
  ['chkdown', 'MCP', 'u64', 'Changes from up to down'],
  ['lastchg', 'MAP', 'u32', 'Seconds since the last change between up and down'],
  ['downtime', 'MCP', 'u32', 'Seconds spent down'],
  ['qlimit', 'CGS', 'u32', 'maxqueue of the server'],
  ['pid', 'KGP', 'u32', 'Number of the process, from 1'],
  ['iid', 'KGS', 'u32', 'Number of the proxy'],
  ['sid', 'KGS', 'u32', 'Number of the server or listener in its proxy'],
  ['throttle', 'MaP', 'u32', 'Percentage of its weight that a server in slow start has'],
  ['lbtot', 'MCP', 'u64', 'Requests for which the balancing chose it'],
  ['tracked', 'CNS', 'str', 'Server whose state it follows'],
  ['type', 'CGS', 'u32', '0 frontend, 1 backend, 2 server, 3 listener'],
  ['rate', 'MRP', 'u32', 'Sessions in the last second'],
  ['rate_lim', 'CLP', 'u32', 'Sessions allowed in a second'],
  ['rate_max', 'MMP', 'u32', 'Most sessions in a second'],
  ['check_status', 'MOP', 'str', 'Result of the last health check'],
  ['check_code', 'MGP', 'u32', 'Code that the last health check was answered with'],
  ['check_duration', 'MDP', 'u64', 'Milliseconds that the last health check took'],
  ['hrsp_1xx', 'MCP', 'u64', 'Responses with a status from 100 to 199'],
  ['hrsp_2xx', 'MCP', 'u64', 'Responses with a status from 200 to 299'],
  ['hrsp_3xx', 'MCP', 'u64', 'Responses with a status from 300 to 399'],
  ['hrsp_4xx', 'MCP', 'u64', 'Responses with a status from 400 to 499'],
  ['hrsp_5xx', 'MCP', 'u64', 'Responses with a status from 500 to 599'],
  ['hrsp_other', 'MCP', 'u64', 'Responses with any other status, or none'],
  ['hanafail', 'MCP', 'u64', 'Failures that were observed in the traffic'],
  ['req_rate', 'MRP', 'u32', 'Requests in the last second'],
  ['req_rate_max', 'MMP', 'u32', 'Most requests in a second'],
  ['req_tot', 'MCP', 'u64', 'Requests so far'],
  ['cli_abrt', 'MCP', 'u64', 'Transfers that the client broke off'],
  ['srv_abrt', 'MCP', 'u64', 'Transfers that the server broke off'],
  ['comp_in', 'MCP', 'u64', 'Bytes given to the compression'],
  ['comp_out', 'MCP', 'u64', 'Bytes that the compression made of them'],
  ['comp_byp', 'MCP', 'u64', 'Bytes that were not compressed for want of resources'],
  ['comp_rsp', 'MCP', 'u64', 'Responses that were compressed'],
  ['lastsess', 'MAP', 's32', 'Seconds since the last session'],
  ['last_chk', 'MOP', 'str', 'What the last health check was answered, or the error'],
  ['last_agt', 'MOP', 'str', 'What the last agent check was answered, or the error'],
  ['qtime', 'MaP', 'u32', 'Milliseconds in the queue, average of the last 1024 requests'],
  ['ctime', 'MaP', 'u32', 'Milliseconds to connect, average of the last 1024 requests'],
  ['rtime', 'MaP', 'u32', 'Milliseconds until the response, average of the last 1024 requests'],
  ['ttime', 'MaP', 'u32', 'Milliseconds in all, average of the last 1024 requests'],
  ['agent_status', 'MOP', 'str', 'Result of the last agent check'],
  ['agent_code', 'MGP', 'u32', 'Code that the last agent check was answered with'],
  ['agent_duration', 'MDP', 'u64', 'Milliseconds that the last agent check took'],
  ['check_desc', 'MOP', 'str', 'Meaning of check_status'],
  ['agent_desc', 'MOP', 'str', 'Meaning of agent_status'],
  ['check_rise', 'CGS', 'u32', 'rise of the health check'],
  ['check_fall', 'CGS', 'u32', 'fall of the health check'],
  ['check_health', 'CGS', 'u32', 'Health by checks, from 0 to rise+fall-1'],
  ['agent_rise', 'CGS', 'u32', 'rise of the agent check'],
  ['agent_fall', 'CGS', 'u32', 'fall of the agent check'],
  ['agent_health', 'CGS', 'u32', 'Health by agent checks, from 0 to rise+fall-1'],
  ['addr', 'CGS', 'str', 'Address and port; for levels operator and admin'],
  ['cookie', 'CNS', 'str', 'Cookie of the backend, or its value for the server; for levels operator and admin'],
  ['mode', 'CGS', 'str', 'Mode of the proxy'],
  ['algo', 'CGS', 'str', 'Balancing algorithm; for levels operator and admin'],
  ['conn_rate', 'MRP', 'u32', 'Connections in the last second'],
  ['conn_rate_max', 'MMP', 'u32', 'Most connections in a second'],
  ['conn_tot', 'MCP', 'u64', 'Connections so far'],
  ['intercepted', 'MCP', 'u64', 'Requests that were answered here: statistics, redirects and the like'],
  ['dcon', 'MCP', 'u64', 'Connections denied by tcp-request connection rules'],
  ['dses', 'MCP', 'u64', 'Connections denied by tcp-request session rules'],
  ['wrew', 'MCP', 'u64', 'Changes to headers that failed'],
  ['connect', 'MCP', 'u64', 'Connections that were opened'],
  ['reuse', 'MCP', 'u64', 'Requests that were sent over a connection that was there'],
  ['cache_lookups', 'MCP', 'u64', 'Requests looked up in the cache'],
  ['cache_hits', 'MCP', 'u64', 'Requests answered from the cache'],
  ['srv_icur', 'MGP', 'u32', 'Idle connections that may be used again'],
  ['src_ilim', 'CLP', 'u32', 'Most idle connections (pool-max-conn)'],
  ['qtime_max', 'MMP', 'u32', 'Most milliseconds in the queue'],
  ['ctime_max', 'MMP', 'u32', 'Most milliseconds to connect'],
  ['rtime_max', 'MMP', 'u32', 'Most milliseconds until the response'],
  ['ttime_max', 'MMP', 'u32', 'Most milliseconds in all'],
  ['eint', 'MCP', 'u64', 'Errors inside the proxy'],
  ['idle_conn_cur', 'MGP', 'u32', 'Idle connections that only their own client may use again'],
  ['safe_conn_cur', 'MGP', 'u32', 'Idle connections that any client may use'],
  ['used_conn_cur', 'MGP', 'u32', 'Connections in use'],
  ['need_conn_est', 'MGP', 'u32', 'Connections that are likely to be needed'],
  ['uweight', 'MaP', 'u32', 'Weight that was configured or set; for a backend the sum of its servers'],
  ['agg_server_status', 'MGP', 'u32', 'Servers by status'],
  ['agg_server_check_status', 'MGP', 'u32', 'Servers by status of their check'],
  ['agg_check_status', 'MGP', 'u32', 'Servers by result of their check'],
] as const satisfies readonly FigureWords[];

/** What follows the column `-`: fields of modules, whose order the manual does not promise. */
const MODULE = [
  ['ssl_sess', 'MCP', 'u64', 'TLS sessions'],
  ['ssl_reused_sess', 'MCP', 'u64', 'TLS sessions that were resumed'],
  ['ssl_failed_handshake', 'MCP', 'u64', 'TLS handshakes that failed'],
  ['h2_headers_rcvd', 'MCP', 'u64', 'HEADERS frames received'],
  ['h2_data_rcvd', 'MCP', 'u64', 'DATA frames received'],
  ['h2_settings_rcvd', 'MCP', 'u64', 'SETTINGS frames received'],
  ['h2_rst_stream_rcvd', 'MCP', 'u64', 'RST_STREAM frames received'],
  ['h2_goaway_rcvd', 'MCP', 'u64', 'GOAWAY frames received'],
  ['h2_detected_conn_protocol_errors', 'MCP', 'u64', 'HTTP/2 errors of connections'],
  ['h2_detected_strm_protocol_errors', 'MCP', 'u64', 'HTTP/2 errors of streams'],
  ['h2_rst_stream_resp', 'MCP', 'u64', 'RST_STREAM frames sent on errors'],
  ['h2_goaway_resp', 'MCP', 'u64', 'GOAWAY frames sent on errors'],
  ['h2_open_connections', 'MGP', 'u64', 'HTTP/2 connections now'],
  ['h2_backend_open_streams', 'MGP', 'u64', 'HTTP/2 streams now'],
  ['h2_total_connections', 'MCP', 'u64', 'HTTP/2 connections so far'],
  ['h2_backend_total_streams', 'MCP', 'u64', 'HTTP/2 streams so far'],
  ['h1_open_connections', 'MGP', 'u64', 'HTTP/1 connections now'],
  ['h1_open_streams', 'MGP', 'u64', 'HTTP/1 streams now'],
  ['h1_total_connections', 'MCP', 'u64', 'HTTP/1 connections so far'],
  ['h1_total_streams', 'MCP', 'u64', 'HTTP/1 streams so far'],
  ['h1_bytes_in', 'MCP', 'u64', 'Bytes received over HTTP/1'],
  ['h1_bytes_out', 'MCP', 'u64', 'Bytes sent over HTTP/1'],
  ['h1_spliced_bytes_in', 'MCP', 'u64', 'Bytes received through kernel pipes'],
  ['h1_spliced_bytes_out', 'MCP', 'u64', 'Bytes sent through kernel pipes'],
] as const satisfies readonly FigureWords[];

type FigureWords = readonly [name: string, tags: string, type: Figure['type'], description: string];

export const STATIC_COLUMNS = STATIC.map(([name]) => name);
export const MODULE_COLUMNS = MODULE.map(([name]) => name);

export type Column = (typeof STATIC)[number][0] | (typeof MODULE)[number][0];

/** All columns but the dash, by their position in typed forms. */
export const FIGURES: readonly (Figure & { readonly name: Column })[] = [...STATIC, ...MODULE].map(
  ([name, tags, type, description]) => ({ name, tags, type, description }),
);

/** Each column's place in a row. */
export const At = Object.fromEntries(FIGURES.map(({ name }, place) => [name, place])) as Readonly<
  Record<Column, number>
>;

/** One row, by place; a column that it does not fill is undefined. An array: a thousand of them are made for an answer. */
export type Row = (string | number | undefined)[];

const EMPTY: Row = FIGURES.map(() => undefined);

export const newRow = (): Row => EMPTY.slice();

/** Where a kind of row (column `type`) has another nature than the others: sums over servers, and rates of backends. */
const OTHER_TAGS: Readonly<Record<number, Partial<Readonly<Record<Column, string>>>>> = {
  1: { act: 'MGP', bck: 'MGP', rate: 'MGP', rate_max: 'MGP' },
};

export function tagsOf(figure: Figure & { readonly name: Column }, type: number): string {
  return OTHER_TAGS[type]?.[figure.name] ?? figure.tags;
}

export const HEADER = `# ${[...STATIC_COLUMNS, '-', ...MODULE_COLUMNS].join(',')},\n`;

/** A row as a line of CSV, every column followed by a comma, text quoted where it must be. */
export function csvLine(row: Row): string {
  const values = row.slice();
  for (const place of TEXTS) {
    const value = values[place];
    if (value !== undefined) values[place] = csvText(value);
  }
  values.splice(STATIC.length, 0, '-');
  // One flat string: put together piece by piece it would leave two hundred objects to the garbage collector.
  return `${values.join(',')},\n`;
}

/** Places of columns that hold text. */
const TEXTS: readonly number[] = FIGURES.flatMap(({ type }, place) => (type === 'str' ? [place] : []));

export function csvText(value: string | number): string {
  if (typeof value === 'number') return String(value);
  return value.includes(',') || value.includes('"') ? `"${value.replaceAll('"', '""')}"` : value;
}
