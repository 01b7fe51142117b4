// Two short notes. Browsers let a page sound only after its user has touched it; before that it stays silent.
const NOTES = [880, 1174.66]; // hertz
const SECONDS = 0.12;
const LOUDNESS = 0.12;

/** @type {AudioContext | null} */
let device = null;

export function chime() {
  if (!navigator.userActivation?.hasBeenActive) return;
  device ??= new AudioContext();
  NOTES.forEach((hertz, place) => note(device, hertz, device.currentTime + place * SECONDS));
}

/** @param {AudioContext} on @param {number} hertz @param {number} at */
function note(on, hertz, at) {
  const tone = on.createOscillator();
  const volume = on.createGain();
  tone.frequency.value = hertz;
  volume.gain.setValueAtTime(LOUDNESS, at);
  volume.gain.exponentialRampToValueAtTime(0.001, at + SECONDS);
  tone.connect(volume).connect(on.destination);
  tone.start(at);
  tone.stop(at + SECONDS);
}
