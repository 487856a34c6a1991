package audit

import "fmt"

// readme tells who opens a bundle what it is.
func readme(c *Signed) []byte {
	return fmt.Appendf(nil, `Evidence for one answer of the ledger %s

question.json     the question, as it was asked
answer.json       the answer, as it was given
explanation.txt   what it says, in words
citations.json    the sequences of the entries that it rests on
receipts/         each of these entries, to the byte, with the proof that it is in the log
checkpoint        the log's signed statement of its first %d entries
policy            whose signatures these are
manifest          the SHA-256 of every file, signed by the log

What it proves, to whoever has the log's public key from elsewhere:

- The log's key signed this question together with this answer, and no byte of this file was changed since.
- Each entry cited is in the log, at its sequence and with exactly these bytes, among those that the
  checkpoint covers. Any later checkpoint of the log can be checked against this one.

What it does not prove, and only the full log does:

- That the answer follows from the entries. Ask the same question of the log, known as of the same entry.
- That no other entry bears on it, a correction for instance. Read the whole log.
- That others were shown the same log. Compare checkpoints with theirs; witnesses who cosigned the checkpoint
  saw no other log than this one.

The key that this file brings proves nothing by itself: whoever makes a false file makes a key for it. Take the
key from the ledger's operator by another way, and verify with

    orgledger-verify bundle --key KEY FILE
`, c.Origin, c.Size)
}
