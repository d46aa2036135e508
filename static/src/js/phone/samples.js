// Things to send for who has none at hand, made here: a picture, a sticker, a voice note.

const RATE = 8000;
const TUNE = [392, 440, 494, 587, 494]; // hertz

function drawn(draw, type, name, size) {
  const canvas = document.createElement("canvas");
  canvas.width = size;
  canvas.height = size;
  draw(canvas.getContext("2d"), size);
  return new Promise((done) => canvas.toBlob((blob) => done(new File([blob], name, { type: blob.type })), type, 0.85));
}

function cup(pen, size) {
  pen.scale(size / 100, size / 100);
  pen.lineWidth = 5;
  pen.lineCap = "round";
  pen.strokeStyle = "#fffaf4";
  pen.fillStyle = "#fffaf4";
  pen.beginPath();
  pen.arc(70, 58, 9, -1.4, 1.4);
  pen.stroke();
  pen.beginPath();
  pen.moveTo(28, 44);
  pen.lineTo(70, 44);
  pen.quadraticCurveTo(70, 78, 49, 78);
  pen.quadraticCurveTo(28, 78, 28, 44);
  pen.fill();
  for (const x of [38, 49, 60]) {
    pen.beginPath();
    pen.moveTo(x, 36);
    pen.bezierCurveTo(x - 6, 30, x + 6, 26, x, 18);
    pen.stroke();
  }
}

export const picture = () => drawn((pen, size) => {
  const sky = pen.createLinearGradient(0, 0, size, size);
  sky.addColorStop(0, "#e0a074");
  sky.addColorStop(1, "#5d3147");
  pen.fillStyle = sky;
  pen.fillRect(0, 0, size, size);
  pen.fillStyle = "rgb(43 22 11 / 55%)";
  pen.fillRect(0, size * 0.76, size, size * 0.24);
  cup(pen, size);
}, "image/jpeg", "my-cup.jpg", 640);

export const sticker = () => drawn((pen, size) => {
  pen.fillStyle = "#8a4b2a";
  pen.beginPath();
  pen.arc(size / 2, size / 2, size * 0.47, 0, 7);
  pen.fill();
  cup(pen, size);
}, "image/webp", "sticker.webp", 256);

// Somebody humming five notes, as a WAV file of 16 bits, one channel.
export function voice() {
  const length = RATE * 0.3;
  const samples = new Int16Array(TUNE.length * length);
  samples.forEach((_, n) => {
    const at = (n % length) / length;
    const angle = (2 * Math.PI * TUNE[Math.floor(n / length)] * n) / RATE;
    samples[n] = 9000 * Math.sin(Math.PI * at) * (Math.sin(angle) + 0.3 * Math.sin(2 * angle));
  });
  const head = new DataView(new ArrayBuffer(44));
  const words = (at, text) => [...text].forEach((one, n) => head.setUint8(at + n, one.charCodeAt(0)));
  words(0, "RIFF");
  head.setUint32(4, 36 + samples.byteLength, true);
  words(8, "WAVEfmt ");
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, 1, true);
  head.setUint32(24, RATE, true);
  head.setUint32(28, RATE * 2, true);
  head.setUint16(32, 2, true);
  head.setUint16(34, 16, true);
  words(36, "data");
  head.setUint32(40, samples.byteLength, true);
  return new File([head.buffer, samples.buffer], "voice-note.wav", { type: "audio/wav" });
}
