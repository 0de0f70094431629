// node bench/solidity/compile.cjs FILE EVM_VERSION: creation bytecode of the contract in FILE, as hex, on stdout.
const fs = require("node:fs");
const path = require("node:path");
const solc = require("solc");

const [file, evmVersion] = process.argv.slice(2);
const name = path.basename(file, ".sol");
const input = {
  language: "Solidity",
  sources: { [name]: { content: fs.readFileSync(file, "utf8") } },
  settings: {
    evmVersion,
    viaIR: true,
    optimizer: { enabled: true, runs: 1000000 },
    outputSelection: { "*": { "*": ["evm.bytecode.object"] } },
  },
};
const found = JSON.parse(solc.compile(JSON.stringify(input)));
const wrong = (found.errors || []).filter((each) => each.severity === "error");
if (wrong.length) {
  console.error(wrong.map((each) => each.formattedMessage).join("\n"));
  process.exit(2);
}
console.log(found.contracts[name][name].evm.bytecode.object);
