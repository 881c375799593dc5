// Issues and verifies with Digital Bazaar's libraries, offline. Reads one JSON request, writes one JSON answer.
// {do: "verify", credential, documents} -> {verified, error}; {do: "issue", credential, seed, method, controller} -> credential
// {do: "marks", encodedList, indexes} -> {length, marks}
import {readFileSync} from 'node:fs';
import * as vc from '@digitalbazaar/vc';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {decodeList} from '@digitalbazaar/vc-bitstring-status-list';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';

const request = JSON.parse(readFileSync(0, 'utf8'));
const documentLoader = async url => {
  const document = request.documents[url];
  if (!document) throw new Error(`not at hand: ${url}`);
  return {contextUrl: null, documentUrl: url, document};
};

const told = error => {
  const parts = error?.errors ?? [error];
  return parts.map(part => `${part?.name}: ${part?.message}`).join('; ');
};

let answer;
if (request.do === 'issue') {
  const seed = Uint8Array.from(Buffer.from(request.seed, 'hex'));
  const key = await Ed25519Multikey.generate({seed, id: request.method, controller: request.controller});
  const suite = new DataIntegrityProof({signer: key.signer(), cryptosuite});
  answer = await vc.issue({credential: request.credential, suite, documentLoader});
} else if (request.do === 'marks') {
  const list = await decodeList({encodedList: request.encodedList});
  answer = {length: list.length, marks: request.indexes.map(index => list.getStatus(index))};
} else {
  const suite = new DataIntegrityProof({cryptosuite});
  const done = await vc.verifyCredential({
    credential: request.credential, suite, documentLoader, now: request.now, checkStatus: async () => ({verified: true})
  });
  answer = {verified: done.verified, error: done.error ? told(done.error) : null};
}
console.log(JSON.stringify(answer));
