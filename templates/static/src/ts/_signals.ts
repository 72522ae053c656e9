// What the door says to ears and hands: three sounds and three vibrations that cannot be confused.
export type Tone = "ok" | "warn" | "refuse" | "unsent";

interface Note {
  at: number; // seconds
  long: number;
  pitch: number; // hertz
  shape: OscillatorType;
}

const sounds: Record<Tone, Note[]> = {
  ok: [
    { at: 0, long: 0.09, pitch: 880, shape: "sine" },
    { at: 0.1, long: 0.16, pitch: 1319, shape: "sine" },
  ],
  warn: [
    { at: 0, long: 0.14, pitch: 523, shape: "triangle" },
    { at: 0.2, long: 0.14, pitch: 523, shape: "triangle" },
  ],
  refuse: [{ at: 0, long: 0.5, pitch: 156, shape: "sawtooth" }],
  unsent: [
    { at: 0, long: 0.08, pitch: 330, shape: "triangle" },
    { at: 0.12, long: 0.08, pitch: 262, shape: "triangle" },
    { at: 0.24, long: 0.16, pitch: 208, shape: "triangle" },
  ],
};

const shakes: Record<Tone, number[]> = { ok: [60], warn: [120, 80, 120], refuse: [500], unsent: [60, 60, 60, 60, 60] };

let context: AudioContext | undefined;

// Browsers let a page sound only after somebody touched it.
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, unlock, { passive: true });

function unlock(): void {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
}

export function signal(tone: Tone): void {
  navigator.vibrate?.(shakes[tone]);
  if (!context || context.state !== "running") return;
  for (const note of sounds[tone]) play(context, note);
}

function play(audio: AudioContext, note: Note): void {
  const from = audio.currentTime + note.at;
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  oscillator.type = note.shape;
  oscillator.frequency.value = note.pitch;
  volume.gain.setValueAtTime(0, from);
  volume.gain.linearRampToValueAtTime(0.5, from + 0.01); // no click
  volume.gain.linearRampToValueAtTime(0, from + note.long);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(from);
  oscillator.stop(from + note.long);
}

// keepAwake holds the screen on while the page is seen.
export function keepAwake(): void {
  const hold = () => {
    if (document.visibilityState === "visible") void navigator.wakeLock?.request("screen").catch(() => undefined); // a low battery refuses
  };
  document.addEventListener("visibilitychange", hold);
  hold();
}
