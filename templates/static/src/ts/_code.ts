// What a ticket's code looks like: ticketing.Code as base32, version 1 and a key below 64 first, 86 to 125 bytes.
const shape = "AE[A-Z2-7]{136,198}";
const whole = new RegExp(`^${shape}$`, "i");
const within = new RegExp(`${shape}(?=[^A-Z2-7]*$)`, "i");

export function ours(text: string): boolean {
  return whole.test(text.trim());
}

// oursIn gives the code out of what a hand scanner puts around it: "]Q1" before, "#" after.
export function oursIn(text: string): string | undefined {
  return within.exec(text.trim())?.[0];
}

// As people read it; the server knows its alphabet.
export const orderCode = /^[0-9A-TV-Z]{8}$/i;
