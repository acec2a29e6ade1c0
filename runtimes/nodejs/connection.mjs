// One keep-alive HTTP/1.1 connection to the Runtime API. It stands on net alone and is opened before user code is
// loaded: `http` belongs to user code, which may patch it or forbid connections. No call has a time-out: the process
// may be frozen inside any of them.
import { connect } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const address = process.env.AWS_LAMBDA_RUNTIME_API;
const separator = address.lastIndexOf(':');
const host = address.slice(0, separator);
const port = Number(address.slice(separator + 1));

const headOf = (method, name, headers) =>
  `${method} /2018-06-01/runtime/${name} HTTP/1.1\r\nHost: ${address}\r\n` +
  Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`).join('') + '\r\n';

export class Connection {
  constructor() {
    this.open();
  }

  get busy() {
    return this.call !== undefined;
  }

  open() {
    this.received = [];
    this.size = 0;
    this.fresh = true;
    this.socket = connect(port, host);
    this.socket.setNoDelay(true);
    const { socket } = this;
    socket.on('data', (bytes) => socket === this.socket && this.take(bytes));
    socket.on('error', () => {});  // close follows
    socket.on('close', () => socket === this.socket && this.lost());
    socket.unref();
  }

  // The answer: status, headers with names in lower case, body as a Buffer. While it waits the process stays alive.
  request(method, name, body = '', headers = {}) {
    const bytes = Buffer.from(body);
    const head = headOf(method, name, { ...headers, 'Content-Length': bytes.length });
    return this.begin(() => {
      this.socket.cork();
      this.socket.write(head);
      if (bytes.length > 0) this.socket.write(bytes);
      this.socket.uncork();
    });
  }

  // Opens a call whose body comes in chunks; `answer` is that of request().
  stream(name, headers) {
    const answer = this.begin(() => this.socket.write(headOf('POST', name, headers)), { once: true });
    const { socket } = this;
    return {
      answer,
      write(bytes, done) {
        if (bytes.length === 0) return done();
        socket.cork();
        socket.write(`${bytes.length.toString(16)}\r\n`);
        socket.write(bytes);
        socket.write('\r\n', done);
        socket.uncork();
      },
      end(trailers = {}) {
        socket.write('0\r\n' + Object.entries(trailers).map(([key, value]) => `${key}: ${value}\r\n`).join('') + '\r\n');
      },
    };
  }

  begin(send, { once = false } = {}) {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) this.open();
      this.call = { resolve, reject, send, again: !once && !this.fresh };
      this.fresh = false;
      this.socket.ref();
      send();
    });
  }

  take(bytes) {
    this.received.push(bytes);
    this.size += bytes.length;
    if (this.wanted !== undefined && this.size < this.wanted) return;
    const all = this.received.length === 1 ? bytes : Buffer.concat(this.received);
    this.received = [all];
    const end = all.indexOf(HEAD_END);
    if (end < 0) return;
    const lines = all.toString('utf8', 0, end).split('\r\n');
    const headers = {};
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(':');
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const length = Number(headers['content-length'] ?? 0);
    this.wanted = end + 4 + length;
    if (all.length < this.wanted) return;
    const { call } = this;
    this.call = this.wanted = undefined;
    this.received = [];
    this.size = 0;
    this.socket.unref();
    if (headers.connection?.toLowerCase() === 'close') this.socket.destroy();
    call?.resolve({ status: Number(lines[0].split(' ')[1]), headers, body: all.subarray(end + 4, end + 4 + length) });
  }

  // An idle connection may have been closed; a fresh one that fails is final.
  lost() {
    const { call } = this;
    if (call === undefined) return;
    this.wanted = undefined;
    if (!call.again || this.size > 0) {
      this.call = undefined;
      return call.reject(new Error('the Runtime API closed the connection'));
    }
    call.again = false;
    this.open();
    this.fresh = false;
    this.socket.ref();
    call.send();
  }
}
