/**
 * The figures of `show info` (management manual, section 9.3): position, name, nature (section 9.2), type, meaning. Positions
 * and names are HAProxy 2.6's, for tools that know them. `float`: a number of fractions where the command is asked for them.
 */

import type { FigureType, TypedValue } from './typed-output.ts';

type Words = readonly [
  position: number,
  name: string,
  tags: string,
  type: FigureType,
  description: string,
  kind?: 'float',
];

const FIGURES = [
  [0, 'Name', 'POS', 'str', 'Name of the product'],
  [1, 'Version', 'POS', 'str', 'Version of the product'],
  [2, 'Release_date', 'POS', 'str', 'Date of the version'],
  [3, 'Nbthread', 'CGS', 'u32', 'Data threads'],
  [4, 'Nbproc', 'CGS', 'u32', 'Processes that serve, always 1'],
  [5, 'Process_num', 'KGP', 'u32', 'Number of the process, always 1'],
  [6, 'Pid', 'SGP', 'u32', 'Process id'],
  [7, 'Uptime', 'MDP', 'str', 'Time since the start'],
  [8, 'Uptime_sec', 'MDP', 'u32', 'Seconds since the start', 'float'],
  [9, 'Memmax_MB', 'CLP', 'u32', 'Memory that the process may use (-m), MiB; 0: no limit'],
  [10, 'PoolAlloc_MB', 'MGP', 'u32', 'Memory of the heaps, MiB'],
  [11, 'PoolUsed_MB', 'MGP', 'u32', 'Memory of the heaps that is in use, MiB'],
  [12, 'PoolFailed', 'MCP', 'u32', 'Allocations that failed'],
  [13, 'Ulimit-n', 'CLP', 'u32', 'Descriptors that the process may open'],
  [14, 'Maxsock', 'CLP', 'u32', 'Sockets that the process may open'],
  [15, 'Maxconn', 'CLP', 'u32', 'Connections of clients at one time'],
  [16, 'Hard_maxconn', 'CLP', 'u32', 'Connections of clients that descriptors allow'],
  [17, 'CurrConns', 'MGP', 'u32', 'Connections of clients now'],
  [18, 'CumConns', 'MCP', 'u32', 'Connections of clients so far'],
  [19, 'CumReq', 'MCP', 'u32', 'Requests so far'],
  [20, 'MaxSslConns', 'MMP', 'u32', 'TLS connections at one time; 0: no limit'],
  [21, 'CurrSslConns', 'MGP', 'u32', 'TLS connections now'],
  [22, 'CumSslConns', 'MCP', 'u32', 'TLS connections so far'],
  [23, 'Maxpipes', 'CLP', 'u32', 'Kernel pipes at one time'],
  [24, 'PipesUsed', 'MGP', 'u32', 'Kernel pipes in use'],
  [25, 'PipesFree', 'MGP', 'u32', 'Kernel pipes kept for use'],
  [26, 'ConnRate', 'MRP', 'u32', 'Connections in the last second', 'float'],
  [27, 'ConnRateLimit', 'CLP', 'u32', 'Connections allowed in a second (maxconnrate)'],
  [28, 'MaxConnRate', 'MMP', 'u32', 'Most connections in a second'],
  [29, 'SessRate', 'MRP', 'u32', 'Sessions in the last second', 'float'],
  [30, 'SessRateLimit', 'CLP', 'u32', 'Sessions allowed in a second (maxsessrate)'],
  [31, 'MaxSessRate', 'MRP', 'u32', 'Most sessions in a second'],
  [32, 'SslRate', 'MRP', 'u32', 'TLS connections in the last second', 'float'],
  [33, 'SslRateLimit', 'CLP', 'u32', 'TLS connections allowed in a second (maxsslrate)'],
  [34, 'MaxSslRate', 'MMP', 'u32', 'Most TLS connections in a second'],
  [35, 'SslFrontendKeyRate', 'MGP', 'u32', 'TLS keys made for clients in the last second', 'float'],
  [36, 'SslFrontendMaxKeyRate', 'MMP', 'u32', 'Most TLS keys made for clients in a second'],
  [
    37,
    'SslFrontendSessionReuse_pct',
    'MGP',
    'u32',
    'Percentage of TLS connections of clients that needed no new key',
    'float',
  ],
  [38, 'SslBackendKeyRate', 'MRP', 'u32', 'TLS keys made for servers in the last second', 'float'],
  [39, 'SslBackendMaxKeyRate', 'MMP', 'u32', 'Most TLS keys made for servers in a second'],
  [40, 'SslCacheLookups', 'MCP', 'u32', 'TLS sessions that were looked up'],
  [41, 'SslCacheMisses', 'MCP', 'u32', 'TLS sessions that were looked up and not there'],
  [42, 'CompressBpsIn', 'MRP', 'u32', 'Bytes given to the compression in the last second', 'float'],
  [43, 'CompressBpsOut', 'MRP', 'u32', 'Bytes that the compression made in the last second', 'float'],
  [44, 'CompressBpsRateLim', 'CLP', 'u32', 'Bytes a second beyond which nothing is compressed'],
  [47, 'Tasks', 'MGP', 'u32', 'Timers that are armed in data threads'],
  [48, 'Run_queue', 'MGP', 'u32', 'Tasks that are ready to run'],
  [49, 'Idle_pct', 'MaP', 'u32', 'Percentage of the last second that data threads waited'],
  [50, 'node', 'COS', 'str', 'Name of the node (node)'],
  [51, 'description', 'COS', 'str', 'Description of the node (description)'],
  [52, 'Stopping', 'MGP', 'u32', '1 during a soft stop'],
  [53, 'Jobs', 'MGP', 'u32', 'Connections and listeners'],
  [54, 'Unstoppable Jobs', 'MGP', 'u32', 'Jobs that a soft stop does not wait for'],
  [55, 'Listeners', 'MGP', 'u32', 'Listeners'],
  [56, 'ActivePeers', 'MGP', 'u32', 'Peers that are connected and known'],
  [57, 'ConnectedPeers', 'MGP', 'u32', 'Peers that are connected'],
  [58, 'DroppedLogs', 'MGP', 'u32', 'Log lines that were dropped'],
  [59, 'BusyPolling', 'MGP', 'u32', '1 while threads poll without sleeping'],
  [60, 'FailedResolutions', 'MGP', 'u32', 'Names that did not resolve'],
  [61, 'TotalBytesOut', 'MGP', 'u64', 'Bytes sent to clients'],
  [62, 'TotalSplicdedBytesOut', 'MGP', 'u64', 'Bytes sent through kernel pipes'],
  [63, 'BytesOutRate', 'MRP', 'u64', 'Bytes sent to clients in the last second'],
  [64, 'DebugCommandsIssued', 'MGP', 'u32', 'Debug commands that were used'],
  [65, 'CumRecvLogs', 'MCP', 'u32', 'Log messages that were received'],
  [66, 'Build info', 'POS', 'str', 'Version of what was built'],
  [67, 'Memmax_bytes', 'CLP', 'u32', 'Memory that the process may use (-m), bytes; 0: no limit'],
  [68, 'PoolAlloc_bytes', 'MGP', 'u64', 'Memory of the heaps, bytes'],
  [69, 'PoolUsed_bytes', 'MGP', 'u64', 'Memory of the heaps that is in use, bytes'],
  [70, 'Start_time_sec', 'MDP', 'u32', 'Start, seconds since 1970', 'float'],
  [71, 'Tainted', 'SGP', 'str', 'What was used that is not for production'],
] as const satisfies readonly Words[];

export type InfoName = (typeof FIGURES)[number][1];

/** What each figure is; undefined where the process has none (`description`). */
export type InfoValues = Readonly<Record<InfoName, string | number | undefined>>;

/** The figures in order. Without `asFloats` numbers are whole. */
export function infoFigures(values: InfoValues, asFloats: boolean): readonly TypedValue[] {
  const figures: TypedValue[] = [];
  for (const [position, name, tags, type, description, kind] of FIGURES as readonly Words[]) {
    const value = values[name as InfoName];
    if (value === undefined) continue;
    const isFloat = asFloats && kind === 'float';
    figures.push({
      position,
      name,
      // What happened in the last second is a rate once it may be a fraction.
      tags: isFloat && tags === 'MGP' ? 'MRP' : tags,
      type: isFloat ? 'flt' : type,
      value: typeof value === 'string' ? value : isFloat ? Number(value.toFixed(6)) : Math.floor(value),
      description,
    });
  }
  return figures;
}
