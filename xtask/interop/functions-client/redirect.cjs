// node --require ./redirect.cjs: connections that would leave this machine lead to the emulator.
//
// What a changed /etc/hosts and a free port 443 would do, without either. The program's code stays as it is.
'use strict';

const http = require('node:http');
const net = require('node:net');
const tls = require('node:tls');

const [address, port] = process.env.INTEROP_LISTEN.split(':');
const advertised = new URL(process.env.LP_DOMAIN_API).hostname;

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function redirected(...given) {
  // Either what a caller wrote, or what node has made of it: a list that begins with the options.
  const list = Array.isArray(given[0]) ? given[0] : given;
  const [options] = list;
  const leaves = typeof options?.host === 'string' && !/^(127\.|localhost$)/.test(options.host);
  if (leaves) list[0] = { ...options, host: address, port: Number(port) };
  return connect.apply(this, given);
};

// LivePerson's client asks the Domain API over plain http. The emulator speaks TLS, and there is nothing else to ask.
http.globalAgent.createConnection = (options, connected) =>
  tls.connect({ host: options.host, port: 443, servername: advertised }, connected);
