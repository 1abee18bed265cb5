/** bigint comes from the driver as text; positions stay far below 2^53. */
export const asNumber = { to: (value: number) => value, from: (value: string) => Number(value) };
