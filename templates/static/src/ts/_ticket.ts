// A ticket's code as the server's ticketing.Code makes it, read, verified and used as the key of its record, without a network.
import { verifyAsync } from "@noble/ed25519";

export interface TicketCode {
  key: number; // which of the event's keys signed it
  mode: string;
  event: number;
  ticket: number;
  type: number;
  nonce: Bytes;
  payload: Bytes;
  signature: Bytes;
}

export type Bytes = Uint8Array<ArrayBuffer>;

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const modes = ["", "in_person", "virtual"];
const nonceSize = 16;
const signatureSize = 64;
const utf8 = new TextEncoder();

// readTicket reads a scanned text; undefined for what is no code of ours, another spelling of one included.
export function readTicket(text: string): TicketCode | undefined {
  const bytes = base32(text.trim().toUpperCase());
  if (!bytes || bytes.length < 3 + 3 + nonceSize + signatureSize || bytes[0] !== 1) return undefined;
  const end = bytes.length - signatureSize;
  const numbers: number[] = [];
  let at = 3;
  while (numbers.length < 3) {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++] ?? 0;
      if (at > end || factor > 2 ** 49) return undefined;
      value += (byte & 127) * factor;
      if (byte > 127) continue;
      if (value > 2 ** 53 || (byte === 0 && factor > 1)) return undefined; // padded: a second spelling
      break;
    }
    numbers.push(value);
  }
  const mode = modes[bytes[2] ?? 0];
  if (!mode || at + nonceSize !== end) return undefined;
  const [event = 0, ticket = 0, type = 0] = numbers;
  return { key: bytes[1] ?? 0, mode, event, ticket, type, nonce: bytes.slice(at, end), payload: bytes.slice(0, end), signature: bytes.slice(end) };
}

function base32(text: string): Bytes | undefined {
  if (text.length > 200) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const char of text) {
    const value = alphabet.indexOf(char);
    if (value < 0) return undefined;
    held = (held << 5) | value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >> bits;
    held &= (1 << bits) - 1;
  }
  return bits < 5 && held === 0 ? bytes : undefined; // what is left over is nothing, and less than a letter
}

// verify says whether the event's key signed the code. Browsers without Ed25519 (RFC 8032) in WebCrypto have it computed.
export async function verify(code: TicketCode, publicKey: Bytes): Promise<boolean> {
  const context = utf8.encode("turnout ticket v1");
  const message = new Uint8Array(context.length + code.payload.length);
  message.set(context);
  message.set(code.payload, context.length);
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, key, code.signature, message);
  } catch {
    return verifyAsync(code.signature, message, publicKey, { zip215: false }).catch(() => false);
  }
}

// lookupOf is SHA-256("lookup" ‖ nonce) in hexadecimal digits: by it the server and this door speak of a code without naming it.
export async function lookupOf(code: TicketCode): Promise<string> {
  const word = utf8.encode("lookup");
  const bytes = new Uint8Array(word.length + code.nonce.length);
  bytes.set(word);
  bytes.set(code.nonce, word.length);
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

export const shortSize = 16; // bytes of a lookup that a door keeps

// short is the part of a lookup under which a door keeps what it knows.
export const short = (lookup: string): string => lookup.slice(0, 2 * shortSize);

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function hex(bytes: Bytes): string {
  let text = "";
  for (const byte of bytes) text += digits[byte];
  return text;
}

export function unhex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export const fromBase64 = (text: string): Bytes => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

// DoorRecord is what a door may show of a ticket, and what its rules ask about it.
export interface DoorRecord {
  name: string;
  type_id: string;
  add_ons: string[] | null;
  number: number;
  order?: string;
  notices?: { kind: string; text?: string }[]; // what the door shall know
}

// open opens a sealed record with the code of its ticket, the only thing that can: 12 bytes of IV, then AES-256-GCM under
// HKDF-SHA256(nonce, "record").
export async function open(code: TicketCode, lookup: string, sealed: Bytes): Promise<DoorRecord | undefined> {
  try {
    const secret = await crypto.subtle.importKey("raw", code.nonce, "HKDF", false, ["deriveKey"]);
    const key = await crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8.encode("record") }, secret, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    const about = { name: "AES-GCM", iv: sealed.slice(0, 12), additionalData: unhex(short(lookup)) };
    return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(about, key, sealed.slice(12)))) as DoorRecord;
  } catch {
    return undefined; // of another code, or damaged: the code itself still says enough
  }
}
