"use strict";
// Live captions over the WebSocket of this server: the microphone, or a file that is played into it.

const element = (id) => document.getElementById(id);
const token = new URLSearchParams(location.search).get("token");
const utterances = []; // of words {word, start, end, conf}
let running = null; // {socket, stop}

function say(text) {
  element("status").textContent = text;
}

function address() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}/${token ? `?token=${encodeURIComponent(token)}` : ""}`;
}

function addUtterance(words) {
  utterances.push(words);
  const line = document.createElement("p");
  for (const word of words) {
    const span = document.createElement("span");
    const confidence = word.conf ?? 1;
    span.className = "word";
    span.style.setProperty("--doubt", (1 - confidence).toFixed(3));
    span.title = `${word.start.toFixed(2)} to ${word.end.toFixed(2)} s, confidence ${confidence.toFixed(2)}`;
    span.textContent = word.word;
    const time = document.createElement("small");
    time.textContent = word.start.toFixed(2);
    span.append(time);
    line.append(span, " ");
  }
  element("captions").append(line);
  line.scrollIntoView({block: "nearest"});
  element("download").disabled = false;
}

function receive(message) {
  const answer = JSON.parse(message.data);
  if (answer.partial !== undefined) {
    element("partial").textContent = answer.partial;
    return;
  }
  element("partial").textContent = "";
  if (answer.result) addUtterance(answer.result);
}

// Resolves when the socket is open. Times of a new stream follow those of the one before.
function connect(sampleRate) {
  const socket = new WebSocket(address());
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", receive);
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", () => {
      socket.send(JSON.stringify({config: {sample_rate: sampleRate, words: true}}));
      resolve(socket);
    });
    socket.addEventListener("error", () => reject(new Error("the server cannot be reached")));
    socket.addEventListener("close", (event) => {
      say(event.reason ? `Closed: ${event.reason}` : "Finished");
      stop();
    });
  });
}

function stop() {
  if (!running) return;
  const {socket, release} = running;
  running = null;
  release();
  if (socket.readyState === WebSocket.OPEN) socket.send('{"eof" : 1}');
  say("Finishing");
  element("microphone").textContent = "Start the microphone";
  element("bar").style.width = "0";
}

async function startMicrophone() {
  const media = await navigator.mediaDevices.getUserMedia({audio: {channelCount: 1, echoCancellation: false}});
  const context = new AudioContext();
  await context.audioWorklet.addModule("/page/worklet.js");
  const socket = await connect(context.sampleRate);
  const recorder = new AudioWorkletNode(context, "recorder", {numberOfOutputs: 0});
  recorder.port.onmessage = (event) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(event.data);
    showLevel(new Int16Array(event.data));
  };
  context.createMediaStreamSource(media).connect(recorder);
  running = {socket, release: () => { media.getTracks().forEach((track) => track.stop()); context.close(); }};
  element("microphone").textContent = "Stop the microphone";
  say("Listening");
}

function showLevel(samples) {
  let peak = 1;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  element("bar").style.width = `${Math.max(0, 100 + 20 * Math.log10(peak / 32768) * 1.6)}%`;
}

async function openFile(file) {
  const rate = 16000;
  const decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(await file.arrayBuffer());
  const socket = await connect(rate);
  running = {socket, release: () => {}};
  say(`Recognizing ${file.name}`);
  const step = rate / 4;
  const channels = [...Array(decoded.numberOfChannels).keys()].map((index) => decoded.getChannelData(index));
  for (let begin = 0; begin < decoded.length && running?.socket === socket; begin += step) {
    const piece = Int16Array.from({length: Math.min(step, decoded.length - begin)}, (_, index) => {
      const sum = channels.reduce((total, channel) => total + channel[begin + index], 0);
      return Math.max(-1, Math.min(1, sum / channels.length)) * 32767;
    });
    const answered = new Promise((resolve) => {
      socket.addEventListener("message", resolve, {once: true});
      socket.addEventListener("close", resolve, {once: true});
    });
    socket.send(piece.buffer);
    await answered; // one answer for each message: the file is read no faster than it is recognized
  }
  stop();
}

function srtTime(seconds) {
  const total = Math.round(seconds * 1000);
  const pad = (value, width) => String(Math.floor(value)).padStart(width, "0");
  return `${pad(total / 3600000, 2)}:${pad((total / 60000) % 60, 2)}:${pad((total / 1000) % 60, 2)},${pad(total % 1000, 3)}`;
}

function subtitles() {
  return utterances.map((words, index) => {
    const times = `${srtTime(words[0].start)} --> ${srtTime(words[words.length - 1].end)}`;
    return `${index + 1}\n${times}\n${words.map((word) => word.word).join(" ")}\n`;
  }).join("\n");
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([subtitles()], {type: "application/x-subrip"}));
  link.download = "captions.srt";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function guarded(action) {
  return (...values) => Promise.resolve(action(...values)).catch((error) => { say(`Error: ${error.message}`); stop(); });
}

element("microphone").addEventListener("click", guarded(() => (running ? stop() : startMicrophone())));
element("file").addEventListener("change", guarded((event) => {
  const [file] = event.target.files;
  event.target.value = "";
  stop();
  return file ? openFile(file) : undefined;
}));
element("download").addEventListener("click", download);
element("times").addEventListener("change", (event) => document.body.classList.toggle("times", event.target.checked));
element("clear").addEventListener("click", () => {
  utterances.length = 0;
  element("captions").replaceChildren();
  element("download").disabled = true;
});
