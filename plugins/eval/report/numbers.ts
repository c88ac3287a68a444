/** Numbers as a person reads them. */

/** Three or four digits that count: 0.00123, 12.35, 1,234, 1.2e-7. */
export function number(value: number): string {
  // JSON has no NaN: what could not be measured comes back as null.
  if (!Number.isFinite(value)) return value === Infinity ? "∞" : value === -Infinity ? "−∞" : "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return minus(value.toExponential(2).replace("e+", "e"));
  if (Number.isInteger(value)) return minus(value.toLocaleString("en-GB"));
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;
  return minus(value.toLocaleString("en-GB", { minimumFractionDigits: Math.min(digits, 2), maximumFractionDigits: digits }));
}

/** One number of decimals for a whole column, enough for all but the smallest quarter of it; what would vanish keeps its own. */
export function inColumn(values: readonly number[]): (value: number) => string {
  const sizes = values.filter((value) => Number.isFinite(value) && !Number.isInteger(value)).map(Math.abs);
  if (sizes.length === 0) return number;
  const low = sizes.toSorted((a, b) => a - b)[Math.floor(sizes.length / 4)]!;
  const decimals = Math.min(4, Math.max(1, 1 - Math.floor(Math.log10(low))));
  return (value) => {
    const size = Math.abs(value);
    if (!Number.isFinite(value) || size >= 1e7 || (size !== 0 && size < 0.5 * 10 ** -decimals)) return number(value);
    return minus(value.toLocaleString("en-GB", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
  };
}

/** The values of an axis, as few decimals as tell them apart. */
export function onAxis(ticks: readonly number[]): (value: number) => string {
  const step = Math.abs((ticks[1] ?? 1) - (ticks[0] ?? 0));
  const largest = Math.max(...ticks.map(Math.abs));
  if (largest >= 1e6 || (largest !== 0 && largest < 1e-3)) return number;
  const decimals = step > 0 ? Math.min(6, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))) : 2;
  return (value) => minus(value.toLocaleString("en-GB", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
}

export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = seconds / 60;
  return minutes < 90 ? `${minutes.toFixed(1)} min` : `${(minutes / 60).toFixed(1)} h`;
}

export function bytes(count: number): string {
  return count >= 1e9 ? `${(count / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(count / 1e6))} MB`;
}

function minus(text: string): string {
  return text.replace("-", "−");
}
