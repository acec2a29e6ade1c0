// Providers of custom resources answer by a PUT to their event's ResponseURL, and most of them by https.request with a
// host and a path, whatever else the address says. Kiln's address is plain HTTP with a port of its own: requests for it
// go there.
import { createRequire, syncBuiltinESMExports } from 'node:module';

const require = createRequire(import.meta.url);
let address; // the URL of the latest event

// The options of a call of https.request, and its callback.
function read(args) {
  const rest = [...args];
  const options = {};
  if (typeof rest[0] === 'string' || rest[0] instanceof URL) {
    const url = new URL(rest.shift());
    Object.assign(options, { hostname: url.hostname, path: url.pathname + url.search });
  }
  if (typeof rest[0] === 'object' && rest[0] !== null) Object.assign(options, rest.shift());
  return { options, callback: rest.find((each) => typeof each === 'function') };
}

function isForAddress({ hostname, host, path }) {
  const name = String(hostname ?? host ?? '').replace(/:\d+$/, '');
  return name === address.hostname && String(path ?? '').startsWith(address.pathname);
}

function install() {
  const http = require('node:http');
  const https = require('node:https');
  const overTls = https.request;
  https.request = function request(...args) {
    let call;
    try {
      call = read(args);
    } catch {
      return overTls.apply(this, args);
    }
    if (!isForAddress(call.options)) return overTls.apply(this, args);
    const { hostname, port } = address;
    return http.request({ ...call.options, protocol: 'http:', host: hostname, hostname, port: port || 80, agent: undefined },
      call.callback);
  };
  syncBuiltinESMExports();
}

export function reach(responseUrl) {
  let url;
  try {
    url = new URL(responseUrl);
  } catch {
    return;
  }
  if (url.protocol !== 'http:') return;
  if (!address) install();
  address = url;
}
