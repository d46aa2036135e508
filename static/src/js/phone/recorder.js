// Recording a voice note with the microphone, where the browser allows it.

const KINDS = ["audio/ogg;codecs=opus", "audio/mp4", "audio/webm;codecs=opus"];
const ENDINGS = { "audio/ogg": "ogg", "audio/mp4": "m4a", "audio/webm": "weba" };

export const records = () => Boolean(navigator.mediaDevices && window.MediaRecorder);

// Begins at once. → {stop(): Promise<File>, cancel()}. Rejects with a sentence when there is no microphone.
export async function record() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    throw new Error("The microphone cannot be used here. Send the ready voice note instead.");
  }
  const recorder = new MediaRecorder(stream, { mimeType: KINDS.find((one) => MediaRecorder.isTypeSupported(one)) });
  const chunks = [];
  recorder.addEventListener("dataavailable", ({ data }) => chunks.push(data));
  const ended = new Promise((done) => recorder.addEventListener("stop", done, { once: true }));
  recorder.start();
  async function finish() {
    if (recorder.state !== "inactive") recorder.stop();
    await ended;
    for (const track of stream.getTracks()) track.stop();
    const type = recorder.mimeType.split(";")[0] || "audio/webm";
    return new File(chunks, `voice-note.${ENDINGS[type] ?? "weba"}`, { type });
  }
  return { stop: finish, cancel: finish };
}
