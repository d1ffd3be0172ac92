"""What stands in a dossier's README.txt, for somebody who has no aibom."""

from __future__ import annotations

from aibom.operations.dossiers.archive import SIGNATURE, SUMS
from aibom.statement import BASE_URI

__all__ = ["DOSSIER_V1", "readme"]

#: The predicate type of the statement about a dossier's list of files.
DOSSIER_V1 = BASE_URI + "dossier/v1"

_TEXT = f"""\
DOSSIER
=======

{{what}}

It was made as of {{when}}. The verdict of the policy in it was then: {{decision}}.

A dossier collects what can be shown about one model or dataset, so that somebody else
can check it, now or in years. It says who stated what, and what was checked. It does
not say that a law or a standard is met, nor that the artifact is safe. The artifact
itself is not in it.

  index.md         the points of the profile: what was found, and in which files
  index.json       the same, for programs; with every statement and its signer
  artifact/        the bill of materials (BOM) of the artifact, and its signatures
  evidence/        records of steps, audits, approvals and upstream BOMs, signed or not;
                   what suppliers answered, which is a claim unless it is signed; and
                   documents that were handed over, which no program has read
  policy/ packs/   the rules that were asked, and the lock that pins them
  policy/signers.yaml, trust/
                   whose signatures were believed, and the roots behind them
  verdict.json     what the rules said, with reasons
  coverage.json    how much of the profile (profile.yaml) is answered
  {SUMS}       the SHA-256 of every other file
  {SIGNATURE}
                   the signature of that list, with a timestamp if it has one

CHECK IT WITH AIBOM
===================

  aibom dossier check DOSSIER.zip --signers YOUR-SIGNERS.yaml

No network is asked. YOUR-SIGNERS.yaml is yours: a dossier does not say whom you
believe. With --artifact DIR the artifact's files are compared as well. With
--effective-time 2026-12-31 signatures are judged as of that day.

CHECK IT WITHOUT AIBOM
======================

1. The files are those of the list:

     unzip DOSSIER.zip -d dossier && cd dossier && sha256sum -c {SUMS}

   Every line ends in OK. Then nothing else may be there. This prints nothing:

     cut -c 67- {SUMS} | LC_ALL=C sort > ../listed
     find . -type f ! -path ./{SUMS} ! -path ./{SIGNATURE} |
       cut -c 3- | LC_ALL=C sort | diff ../listed -

   unzip must not have warned of anything. It does not show what stands around the
   files in the zip, so use what it unpacked, and pass on the zip only with that.

2. The list is what was signed. The signature is over a statement that names the
   SHA-256 of {SUMS} (in-toto Statement, DSSE envelope, in a Sigstore bundle):

     B={SIGNATURE}
     grep -o '"payload":"[^"]*"' $B | cut -d'"' -f4 | openssl base64 -d -A > payload
     grep -o '"sig":"[^"]*"' $B | cut -d'"' -f4 | openssl base64 -d -A > sig
     D=$(openssl dgst -sha256 -r {SUMS} | cut -d' ' -f1)
     T='"predicateType":"{DOSSIER_V1}"'
     S='"subject":[{{{{"digest":{{{{"sha256":"'$D'"}}}},"name":"{SUMS}"}}}}]'
     grep -F "$T" payload | grep -cF "$S"

   The last line prints 1.

3. The signature is that of a key you got another way (signer.pub, PEM):

     {{{{ printf 'DSSEv1 28 application/vnd.in-toto+json %d ' $(wc -c < payload)
       cat payload; }}}} > pae
     openssl dgst -sha256 -verify signer.pub -signature sig pae

   It prints "Verified OK". For a key on P-384 or P-521 write -sha384 or -sha512. For
   Ed25519:

     openssl pkeyutl -verify -pubin -inkey signer.pub -rawin -in pae -sigfile sig

   Where the bundle holds a certificate ("rawBytes") instead of the hint of a key, the
   key is the certificate's:

     grep -o '"rawBytes":"[^"]*"' $B | head -n 1 | cut -d'"' -f4 |
       openssl base64 -d -A | openssl x509 -inform DER -noout -pubkey > signer.pub

   Whose it is, and whether it was valid when it signed, the certificate's issuers and
   the timestamp say. That is what aibom does for you.

4. If it has a timestamp (RFC 3161), the signature was there at that time. With the
   certificates of the authority (tsa.pem, which you also need from elsewhere; those
   that were used are "timestampAuthorities" of a file in trust/ or policy/):

     grep -o '"signedTimestamp":"[^"]*"' $B | cut -d'"' -f4 |
       openssl base64 -d -A > sig.tsr
     openssl ts -reply -in sig.tsr -text | grep 'Time stamp'
     openssl ts -verify -in sig.tsr -data sig -CAfile tsa.pem -untrusted tsa.pem

   It prints "Verification: OK". Where the authority's certificate has ended since, add
   -attime with the seconds of the time that was printed (date +%s -d TIME).

The other *.sigstore.json are checked in the same way, as steps 2 and 3 say.
"""


def readme(what: str, when: str, decision: str) -> bytes:
    """The text; what is put into it is one escaped line each."""
    return _TEXT.format(what=what, when=when, decision=decision).encode()
