// Asks questions (NDJSON, read line by line) and listens to notifications (Server-Sent Events).

const byId = (id) => document.getElementById(id);
const ask = byId("ask");
const answer = byId("answer");
const footer = byId("footer");
const state = byId("state");

// How long to wait before a feed that the browser has given up is opened anew, in milliseconds.
const RECONNECTING = 2000;
// How many notifications the page shows.
const SHOWN = 100;

let asking = null;

ask.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!asking) askFor(byId("question").value);
});

byId("stop").addEventListener("click", () => asking?.abort());

async function askFor(question) {
  asking = new AbortController();
  answer.replaceChildren();
  footer.textContent = "";
  show("Answering …", false);
  byId("send").disabled = true;
  byId("stop").disabled = false;
  try {
    const isWhole = await readAnswer(question, asking.signal);
    show(isWhole ? "Done" : "The answer broke off", !isWhole);
  } catch (error) {
    // What a failure line has said already is better than what the browser says of the broken stream after it.
    if (asking.signal.aborted) show("Stopped", false);
    else if (!state.classList.contains("wrong")) show(error.message || "The answer broke off", true);
  } finally {
    asking = null;
    byId("send").disabled = false;
    byId("stop").disabled = true;
  }
}

async function readAnswer(question, signal) {
  const response = await fetch("questions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ question }),
    signal,
  });
  if (!response.ok) {
    const problem = await response.json().catch(() => ({ title: `Status ${response.status}` }));
    throw new Error([problem.title, problem.detail].filter(Boolean).join(": "));
  }
  let isWhole = false;
  for await (const line of linesOf(response)) {
    const item = JSON.parse(line);
    if (item.type === "text") {
      answer.append(item.text);
      answer.scrollTop = answer.scrollHeight;
    } else if (item.type === "footer") {
      isWhole = true;
      footer.textContent =
        `${item.model}: ${item.prompt_tokens} tokens asked, ${item.completion_tokens} answered (${item.finish_reason})`;
    } else if (item.type === "failure") {
      show(`${item.title}: ${item.detail}`, true);
    }
  }
  return isWhole;
}

async function* linesOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let begun = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (begun + value).split("\n");
    begun = lines.pop();
    yield* lines;
  }
}

function show(text, isWrong) {
  state.textContent = text;
  state.classList.toggle("wrong", isWrong);
}

byId("publish").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const text = byId("text").value;
  const response = await fetch("notifications", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ type: "message", text }),
  }).catch(() => null);
  if (response?.ok) form.reset();
  else showConnection("That could not be published. Try again in a moment.", true);
});

// The browser reconnects by itself and says where it was, but gives up on a response that is an error, such as a
// proxy's 502 while no worker is up. Then the page opens the feed anew, at its last place.
function listen(after) {
  const feed = new EventSource(`notifications?after=${encodeURIComponent(after)}`);
  let place = after;
  const on = (kind, text) =>
    feed.addEventListener(kind, (event) => {
      place = event.lastEventId || place;
      tell(text(JSON.parse(event.data)));
    });
  on("message", (data) => `${data.sender}: ${data.text}`);
  on("deployment", (data) => `${data.service} ${data.version}: ${data.state}`);
  on("missed", () => "Some earlier notifications are no longer kept.");
  feed.addEventListener("open", () => showConnection("Connected", false));
  feed.addEventListener("error", () => {
    showConnection("The connection was lost. Reconnecting …", true);
    if (feed.readyState === EventSource.CLOSED) setTimeout(listen, RECONNECTING, place);
  });
}

function tell(text) {
  const item = document.createElement("li");
  item.textContent = text;
  const feed = byId("feed");
  feed.prepend(item);
  while (feed.children.length > SHOWN) feed.lastChild.remove();
}

function showConnection(text, isWrong) {
  byId("connection").textContent = text;
  byId("connection").classList.toggle("wrong", isWrong);
}

listen("0-0");
