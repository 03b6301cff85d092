// Sample expressions, conditions and log formats, compiled once to closures.
export { IpAddress, ipv4, parseIpAddress } from './ip-address.ts';
export type { ExpressionEnvironment, LogContext, LogTimers, ProxyView, SampleContext, ServerView, SessionView } from './context.ts';
export type { Compiler, Integer, Sample, Verdict } from './compiler.ts';
