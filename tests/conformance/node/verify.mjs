// An opinion that shares no code with sigstore-python: verify bundles with @sigstore/verify.
//
//   node verify.mjs TRUSTED_ROOT.json IDENTITY ISSUER BUNDLE.json [ARTIFACT]
//
// ARTIFACT is the file a message signature is over; DSSE bundles bring their own.
// Prints one line; exits 1 when the bundle does not verify, 2 on wrong usage.

import { readFileSync } from 'node:fs';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';

const [root, identity, issuer, file, artifact] = process.argv.slice(2);
if (!file) {
  console.error('usage: verify.mjs TRUSTED_ROOT IDENTITY ISSUER BUNDLE [ARTIFACT]');
  process.exit(2);
}

const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
const literal = (text) => `^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;

const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(json(root))));
const content = artifact ? readFileSync(artifact) : undefined;
try {
  verifier.verify(toSignedEntity(bundleFromJSON(json(file)), content), {
    subjectAlternativeName: literal(identity),
    extensions: { issuer },
  });
  console.log(`verified: ${identity}`);
} catch (error) {
  console.log(`refused: ${error.code ?? error.name}: ${error.message}`);
  process.exit(1);
}
