/** Rows as they are measured, and the table that they become. */
import { deviceMemory, resetPeakDeviceMemory, scope, synchronize } from "../../../ffi";
import type { PeerAnswer } from "./peer";

/** As peer.py: blocks of calls that take so long together, so many of them. */
const [BLOCK_MS, BLOCKS, MOST_CALLS] = [4, 12, 50];
const [SLOW_MS, FEW_BLOCKS] = [250, 4];

/** Median milliseconds of a call, each in a scope of its own, the GPU waited for after every block of calls. */
export function measure(run: () => unknown, device: string, mostCalls = MOST_CALLS): number {
  const block = (calls: number) => {
    const begin = performance.now();
    for (let i = 0; i < calls; ++i) scope(() => void run());
    synchronize(device);
    return (performance.now() - begin) / calls;
  };
  block(1);
  const once = Math.min(block(1), block(2));
  const calls = Math.max(1, Math.min(mostCalls, Math.ceil(BLOCK_MS / once)));
  block(calls);
  return median(Array.from({ length: once < SLOW_MS ? BLOCKS : FEW_BLOCKS }, () => block(calls)));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Bytes that a call takes above what was there before, at its peak. */
export function peakOf(run: () => unknown, device: string): number {
  if (device === "cpu") return 0;
  scope(() => void run()); // workspaces that stay are not its own
  synchronize(device);
  resetPeakDeviceMemory(device);
  const { liveBytes } = deviceMemory(device);
  scope(() => void run());
  synchronize(device);
  return deviceMemory(device).peakBytes - liveBytes;
}

/** What the card could do at best: of its data sheet, dense. */
export interface Roofline {
  card: string;
  bf16: number;
  f32: number;
  /** Bytes a second. */
  memory: number;
}

const CARDS: Roofline[] = [
  { card: "H200", bf16: 989e12, f32: 67e12, memory: 4.8e12 },
  { card: "H100", bf16: 989e12, f32: 67e12, memory: 3.35e12 },
  { card: "A100", bf16: 312e12, f32: 19.5e12, memory: 2.04e12 },
];

export const rooflineOf = (device: string): Roofline | undefined => CARDS.find(({ card }) => device.includes(card));

/** Least work that the operation can be done with. */
export interface Work {
  flops?: number;
  dtype?: "bf16" | "f32";
  bytes?: number;
}

export interface Measured {
  name: string;
  ours_ms: number;
  /** Calls of the operation that `ours_ms` holds, where one is too short. */
  per?: number;
  peak: number;
  work: Work;
  peer?: PeerAnswer;
  /** Of ours beside ours: what stands in the peer's column. */
  beside?: { ms: number; way: string };
  problem?: string;
}

interface Floor {
  ms: number;
  by: "compute" | "memory";
}

function floorOf({ flops = 0, dtype = "f32", bytes = 0 }: Work, roofline: Roofline): Floor {
  const [compute, memory] = [flops / roofline[dtype], bytes / roofline.memory];
  return compute > memory ? { ms: 1e3 * compute, by: "compute" } : { ms: 1e3 * memory, by: "memory" };
}

const HEAD = ["operation", "ours", "peer", "ours/peer", "of roofline", "achieved", "peak MB ours; peer", "error ours; peer", "the peer"];

function time(ms: number, per = 1): string {
  const one = ms / per;
  return one < 0.1 ? `${(1e3 * one).toPrecision(3)} µs` : `${one.toPrecision(3)} ms`;
}

function cells(row: Measured, roofline: Roofline | undefined): string[] {
  const { name, ours_ms, per, peak, work, peer, beside, problem } = row;
  if (!Number.isFinite(ours_ms)) return [name, "failed", "", "", "", "", "", "", problem ?? ""];
  const other = peer ?? beside;
  const floor = roofline && (work.flops || work.bytes) ? floorOf(work, roofline) : undefined;
  const { flops = 0, bytes = 0 } = work;
  const achieved =
    floor?.by === "compute" || (!floor && flops > 0)
      ? `${(flops / ours_ms / 1e9).toFixed(1)} TFLOP/s`
      : bytes > 0
        ? `${(bytes / ours_ms / 1e6).toFixed(0)} GB/s`
        : "";
  const slower = peer
    ? Object.entries(peer.all)
        .filter(([way]) => way !== peer.way)
        .map(([way, ms]) => `${way} ${time(ms, per)}`)
    : [];
  const failed = Object.entries(peer?.problems ?? {}).map(([way, why]) => `${way} failed: ${why}`);
  return [
    name,
    time(ours_ms, per),
    other ? time(other.ms, per) : "",
    other ? (ours_ms / other.ms).toFixed(2) : "",
    floor ? `${((100 * floor.ms) / ours_ms).toFixed(1)} % (${floor.by})` : "",
    achieved,
    peak > 0 ? `${(peak / 1e6).toFixed(0)}${peer ? `; ${(peer.peak / 1e6).toFixed(0)}` : ""}` : "",
    peer?.error_ours === undefined ? "" : `${peer.error_ours.toExponential(1)}; ${peer.error_peer!.toExponential(1)}`,
    [other?.way, ...slower, ...failed, problem].filter(Boolean).join("; ").replaceAll("|", "/"),
  ];
}

export function line(row: Measured, roofline: Roofline | undefined): string {
  const [name, ours, peer, ratio, share, achieved, peak, error, way] = cells(row, roofline) as [string, ...string[]];
  return `${name.padEnd(58)} ${ours!.padStart(9)} ${peer!.padStart(9)} ${ratio!.padStart(6)}  ${share!.padStart(17)}  ${achieved!.padStart(14)}  ${peak!.padStart(12)}  ${error!.padStart(16)}  ${way}`;
}

export function markdown(rows: readonly Measured[], roofline: Roofline | undefined): string {
  const all = [HEAD, ...rows.map((row) => cells(row, roofline))];
  const widths = HEAD.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const text = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [text(HEAD), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...all.slice(1).map(text)].join("\n");
}
