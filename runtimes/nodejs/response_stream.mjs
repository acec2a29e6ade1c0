// The stream that a streaming handler writes its answer to: a chunked call of the Runtime API, which starts with
// the first byte and ends with trailers when the handler fails after that.
import { Writable } from 'node:stream';

import { documentOf, Fault, headersOf } from './errors.mjs';

export class ResponseStream extends Writable {
  // start(headers) opens the call.
  constructor(start, highWaterMark = 64 * 1024) {
    super({ highWaterMark });
    this.start = start;
    this.contentType = 'application/octet-stream';
    this.answered = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    this.answered.catch(() => {});
    // Whoever destroyed the stream knows the error; here it must not end the process.
    this.on('error', () => {});
  }

  get begun() {
    return this.call !== undefined;
  }

  setContentType(type) {
    if (this.begun) throw new Fault('Runtime.InvalidStreamingOperation', 'Cannot set content-type, too late.');
    this.contentType = type;
  }

  write(chunk, ...rest) {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) chunk = JSON.stringify(chunk);
    return super.write(chunk, ...rest);
  }

  begin() {
    if (this.begun) return this.call;
    this.call = this.start({
      'Content-Type': this.contentType,
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      'Transfer-Encoding': 'chunked',
      Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
    });
    this.call.answer.then(this.resolve, this.reject);
    this._onBeforeFirstWrite?.((bytes) => this.call.write(Buffer.from(bytes), () => {}));
    return this.call;
  }

  _write(chunk, _encoding, done) {
    this.begin().write(chunk, done);
  }

  _final(done) {
    this.begin();
    this.close();
    done();
  }

  close() {
    if (this.closed_) return;
    this.closed_ = true;
    if (!this.failed) return this.call.end();
    const document = documentOf(this.failure);
    this.call.end({
      'Lambda-Runtime-Function-Error-Type': headersOf(document)['Lambda-Runtime-Function-Error-Type'],
      'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(document)).toString('base64'),
    });
  }

  // Ends an answer that has begun, with the error in its trailers after what was written.
  fail(error) {
    this.failed = true;
    this.failure = error;
    if (!this.destroyed && !this.writableEnded) this.end();
    else this.close();  // destroyed, as by pipeline() when its source fails
  }
}
