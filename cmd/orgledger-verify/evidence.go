package main

import (
	"context"
	"fmt"
	"os"

	"github.com/orgledger/orgledger/audit"
)

// receipt verifies that an entry is in the log.
func (a *app) receipt(_ context.Context, files []string) (*result, error) {
	name, err := one(files)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	receipt, err := audit.ParseReceipt(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	signed, err := receipt.Verify(a.policy)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r := newResult("receipt", signed)
	r.Sequence, r.content = receipt.Index+1, receipt.Entry
	r.said = fmt.Sprintf("entry %d, of %d bytes, is in the log", r.Sequence, len(receipt.Entry))
	return r, nil
}

// bundle verifies the evidence for one answer. Without a key from elsewhere it finds out only whether the file is whole.
func (a *app) bundle(_ context.Context, files []string) (*result, error) {
	name, err := one(files)
	if err != nil {
		return nil, err
	}
	archive, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	policy := a.policy
	if policy == nil {
		if policy, err = audit.BundlePolicy(archive); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	b, err := audit.ReadBundle(archive, policy)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r := newResult("bundle", b.Signed)
	r.Citations, r.content = b.Citations(), b.Answer
	r.said = fmt.Sprintf("the log's key signed this answer, and the %d entries that it cites are in the log", len(r.Citations))
	if a.policy == nil {
		r.Verified, r.OwnKey = false, true
		r.said = `the file is whole, but verified only against the key that the file itself brings.
Anybody can make such a file. Take the key from the ledger's operator by another way, and give it with --key.`
		for _, l := range b.Policy.Logs() {
			r.said += "\n  its key     " + l.Key
		}
	}
	return r, nil
}
