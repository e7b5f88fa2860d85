// A Bitcoin regtest node (bcoin) for tests: node bitcoin_node.cjs <node port> <wallet port>
//
// Everything is in memory and on loopback. GET /hook/forget on the node's HTTP port empties the
// memory pool, as a node does whose memory is full: after a reorganisation a test needs that.
'use strict';

const Module = require('module');
const path = require('path');

// bcoin's key-value store is not built here; memory databases do without it.
const load = Module._load;
Module._load = function stub(name, ...rest) {
  if (name === 'leveldown') {
    return class {
      constructor() {
        throw new Error('memory databases only');
      }
    };
  }
  return load.call(this, name, ...rest);
};

process.env.NODE_BACKEND = 'js';
const bcoinFolder = path.resolve(__dirname, '../../node_modules/bcoin');
const fromBcoin = (name) => require(path.join(bcoinFolder, name));

// bcoin's own regtest prefixes are not those of Bitcoin Core, which wallets expect.
const { regtest } = fromBcoin('lib/protocol/networks');
Object.assign(regtest.addressPrefix, { pubkeyhash: 0x6f, scripthash: 0xc4, bech32: 'bcrt' });
Object.assign(regtest.keyPrefix, {
  privkey: 0xef,
  xpubkey: 0x043587cf,
  xprivkey: 0x04358394,
  xpubkey58: 'tpub',
  xprivkey58: 'tprv',
});

const bcoin = fromBcoin('lib/bcoin').set('regtest');
const [nodePort, walletPort] = process.argv.slice(2).map(Number);
const host = '127.0.0.1';
const node = new bcoin.FullNode({
  network: 'regtest',
  memory: true,
  workers: false,
  listen: false,
  noDns: true,
  bip37: false,
  indexTX: true,
  indexAddress: true,
  httpHost: host,
  httpPort: nodePort,
  apiKey: process.env.CHAIN_API_KEY,
  plugins: [fromBcoin('lib/wallet/plugin')],
  env: {},
  argv: false,
  walletHttpHost: host,
  walletHttpPort: walletPort,
  walletApiKey: process.env.CHAIN_API_KEY,
});
node.config.set('wallet-http-port', walletPort);

(async () => {
  node.http.get('/hook/forget', async (_request, response) => {
    await node.mempool.reset();
    response.json(200, { forgotten: true });
  });
  await node.ensure();
  await node.open();
  await node.connect();
  process.stdout.write('ready\n');
})().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});

// The test's line to us: when it ends, so do we.
process.stdin.on('end', () => process.exit(0)).resume();
