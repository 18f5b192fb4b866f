// Shows messages as they come, and sends without loading the page again: over a WebSocket, or, where
// none can be opened, over server-sent events and fetch. While there is no connection, the browser
// sends the form.

const form = document.querySelector("form")
const fields = form.elements
const list = document.querySelector("#messages")
const problem = document.querySelector("[role=alert]")
const state = document.querySelector("[role=status]")
let send = null // while there is a connection: how to send the form
let isSocketPossible = false

function url(path) {
  return new URL(`${path}?last=${list.lastElementChild?.id ?? ""}`, location.href)
}

function connect() {
  const address = url("socket")
  address.protocol = address.protocol.replace("http", "ws")
  const socket = new WebSocket(address)
  socket.onopen = () => {
    isSocketPossible = true
    setState("Connected by WebSocket.", () => socket.send(JSON.stringify(Object.fromEntries(new FormData(form)))))
  }
  socket.onmessage = (event) => receive(JSON.parse(event.data))
  socket.onclose = () => (isSocketPossible ? tryAgain(connect) : listen())
}

function listen() {
  const source = new EventSource(url("events"))
  source.onopen = () => setState("Connected by server-sent events.", post)
  source.onmessage = (event) => receive(JSON.parse(event.data))
  source.onerror = () => {
    setState("Connecting...", null)
    // It connects again by itself, but not after a response with an error.
    if (source.readyState === EventSource.CLOSED) tryAgain(listen)
  }
}

function tryAgain(open) {
  setState("Connecting...", null)
  setTimeout(open, 250 + Math.random() * 750) // not all pages at once
}

function setState(text, how) {
  state.textContent = text
  send = how
}

function receive(message) {
  problem.textContent = message.error ?? ""
  if (message.error || document.getElementById(message.id)) return
  const [item, name, text] = ["li", "b", "span"].map((tag) => document.createElement(tag))
  item.id = message.id
  name.textContent = message.name
  text.textContent = message.text
  item.append(name, " ", text)
  list.append(item)
  // The text stays in the form until it has come back: it may have been lost with the connection.
  if (message.name === fields.name.value.trim() && message.text === fields.text.value.trim()) {
    fields.text.value = ""
  }
}

async function post() {
  try {
    const response = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" })
    if (response.type !== "opaqueredirect") form.submit() // shows the page with the reason
  } catch {
    problem.textContent = "The message was not sent. Please try again."
  }
}

form.addEventListener("submit", (event) => {
  if (!send) return
  event.preventDefault()
  send()
})

connect()
